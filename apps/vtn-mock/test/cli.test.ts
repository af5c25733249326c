import { describe, expect, it } from '@jest/globals';
import { describeProgram } from '@venfleet/core/node';
import { vtnMockProgram } from '../src/cli.js';

describe('vtn-mock serve', () => {
  const run = async (...options: string[]) => {
    const program = vtnMockProgram();
    for (const command of [program, ...program.commands]) command.configureOutput({ writeErr() {} });
    await program.parseAsync(['node', 'vtn-mock', 'serve', ...options]);
  };

  it.each([
    [['--port', '70000'], 'from 0 to 65535'],
    [['--port', 'x'], 'from 0 to 65535'],
    [['--token-lifetime', '0'], 'whole number'],
    [['--root-port', '8001'], 'VERSION='],
    [['--root-port', '3.2=8001'], '3.0.1, 3.1.0'],
    [['--base-path', '3.1.0=openadr'], 'begin with /'],
    [['--base-path', '3.1.0=/a/'], 'not end with it'],
    [['--base-path', '3.1.0=/a b'], 'begin with /'],
    [['--public-url', 'ftp://a'], 'http or https'],
    [['--ven-self-registration', 'maybe'], 'on, off'],
    [['--limit-zero', 'x'], 'allow, refuse'],
    [['--mqtt', 'http://broker'], 'mqtt or mqtts'],
    [['--mqtt', 'mqtt://user:secret@broker'], 'without a login'],
    [['--mqtt', 'mqtt://broker', '--mqtt-port', '1884'], 'own broker'],
    [['--mqtt-username', 'me'], 'are for --mqtt'],
    [['--port', '8000', '--mqtt-port', '8000'], 'different ports'],
    [['--fault-seed', 'x'], 'for --allow-faults'],
    [['--tls-cert', 'x.pem'], 'belong together'],
    [['--mdns'], 'a --host that others reach'],
    [['--quirks', 'odd'], 'openleadr, or some of'],
    [['--quirks', 'admin', '--host', '0.0.0.0'], 'this machine alone'],
    [['--simulator', 'ftp://a'], 'http or https'],
    [['--nonsense'], 'unknown option'],
    [['more'], 'too many arguments'],
    [['--port', '8000', '--root-port', '3.1.0=8000'], 'different ports'],
    [['--base-path', '3.1.0=/a', '--base-path', '3.0.1=/a'], 'same --base-path'],
  ])('%j is refused', async (options, message) => {
    await expect(run(...options)).rejects.toThrow(message);
  });

  it('describes every option', () => {
    const [serve] = describeProgram(vtnMockProgram());
    expect(serve?.options.map((option) => option.name)).toEqual([
      'host',
      'port',
      'data',
      'clients',
      'no-auth',
      'root-port',
      'base-path',
      'tls-cert',
      'tls-key',
      'mdns',
      'public-url',
      'token-lifetime',
      'ven-self-registration',
      'limit-zero',
      'strict-targets',
      'quirks',
      'allow-faults',
      'fault-seed',
      'allow-http-callbacks',
      'allow-private-callbacks',
      'no-loopback-callbacks',
      'callback-ca',
      'mqtt-port',
      'mqtt',
      'mqtt-username',
      'mqtt-password',
      'no-mqtt',
      'console',
      'no-console',
      'console-link',
      'simulator',
      'log-level',
      'json',
    ]);
    expect(serve?.options.every((option) => option.description.length > 10)).toBe(true);
  });
});

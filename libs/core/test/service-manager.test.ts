import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { silentLogger } from '@venfleet/core';
import { serviceManager } from '@venfleet/core/node';
import { MemoryLogger } from '@venfleet/core/testing';

/** A command that does what its text says, in the place of systemd-notify. */
function script(path: string, text: string): string {
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

const { PATH } = process.env;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'service-manager-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a service manager', () => {
  const SOCKET = { NOTIFY_SOCKET: '/run/systemd/notify', PATH };

  test('is there where it gave the process a socket', () => {
    expect(serviceManager({}, silentLogger)).toBeUndefined();
    expect(serviceManager({ NOTIFY_SOCKET: '' }, silentLogger)).toBeUndefined();
    expect(serviceManager(SOCKET, silentLogger)).toBeDefined();
  });

  test.each([
    ['the time that it names', { WATCHDOG_USEC: '60000000' }, 60_000],
    ['for this process', { WATCHDOG_USEC: '60000000', WATCHDOG_PID: String(process.pid) }, 60_000],
    ['not for another one', { WATCHDOG_USEC: '60000000', WATCHDOG_PID: '1' }, undefined],
    ['not without a time', {}, undefined],
    ['not with a time of 0', { WATCHDOG_USEC: '0' }, undefined],
  ])('watches: %s', (_, env, expected) => {
    expect(serviceManager({ ...SOCKET, ...env }, silentLogger)?.watchdog).toBe(expected);
  });

  test('is told the assignments, each on one line, by a command that sees nothing of the environment but the socket', async () => {
    const command = script(join(folder, 'notify'), `for a; do echo "$a"; done > ${folder}/out; env | sort >> ${folder}/out`);
    const manager = serviceManager({ ...SOCKET, VENFLEET_CLIENT_SECRET: 'hunter2' }, silentLogger, command);
    await manager?.notify({ READY: '1', STATUS: 'two\nlines' });
    const lines = readFileSync(join(folder, 'out'), 'utf8').trimEnd().split('\n');
    expect(lines.slice(0, 2)).toEqual(['READY=1', 'STATUS=two lines']);
    expect(lines).toContain('NOTIFY_SOCKET=/run/systemd/notify');
    expect(lines.join()).not.toContain('hunter2');
  });

  test('that cannot be told is no reason to fail, and logged once', async () => {
    const logger = new MemoryLogger();
    const manager = serviceManager(SOCKET, logger, script(join(folder, 'notify'), 'exit 1'));
    await manager?.notify({ WATCHDOG: '1' });
    await manager?.notify({ WATCHDOG: '1' });
    expect(logger.lines).toHaveLength(1);
    await serviceManager(SOCKET, logger, join(folder, 'missing'))?.notify({ READY: '1' });
    expect(logger.lines).toHaveLength(2);
  });
});

/** Receives datagrams as systemd does, on a path or (`@…`) an abstract name, and prints each; the sender waits for its file descriptors to be closed. */
const RECEIVER = `
import socket, sys
name = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind('\\0' + name[1:] if name[0] == '@' else name)
print('bound', flush=True)
while True: print(s.recv(4096).decode().replace('\\n', ' '), flush=True)
`;

function has(command: string): boolean {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const withSystemd = has('systemd-notify') && has('python3') ? test : test.skip;

describe('systemd-notify', () => {
  withSystemd.each([['a socket in the file system'], ['an abstract socket']])('reaches %s', async (kind) => {
    const socket = kind.startsWith('an abstract') ? `@${folder}` : join(folder, 'notify');
    const receiver = spawn('python3', ['-c', RECEIVER, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const seen: string[] = [];
      receiver.stdout.setEncoding('utf8');
      for await (const text of receiver.stdout) {
        seen.push(...(text as string).trimEnd().split('\n'));
        if (seen.at(-1) === 'bound') {
          const manager = serviceManager({ NOTIFY_SOCKET: socket, PATH }, silentLogger);
          void manager?.notify({ READY: '1', STATUS: 'up and well' });
        }
        if (seen.some((line) => line.includes('READY=1'))) break;
      }
      expect(seen).toContainEqual(expect.stringMatching(/^READY=1 STATUS=up and well/));
    } finally {
      receiver.kill();
    }
  });
});

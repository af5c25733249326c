import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { freePort } from './programs.js';

/** Where Debian has it, which is not on everybody's path. */
const DEBIAN_MOSQUITTO = '/usr/sbin/mosquitto';

/** Why no broker can be started here; undefined when one can. */
export function mosquittoMissing(): string | undefined {
  if (mosquittoCommand() === undefined) return 'mosquitto is not installed';
  return ['openssl', 'mosquitto_passwd', 'mosquitto_sub']
    .map((tool) => (isThere(tool) ? '' : `${tool} is not installed`))
    .find(Boolean);
}

function mosquittoCommand(): string | undefined {
  if (existsSync(DEBIAN_MOSQUITTO)) return DEBIAN_MOSQUITTO;
  return isThere('mosquitto') ? 'mosquitto' : undefined;
}

function isThere(tool: string): boolean {
  try {
    execFileSync('which', [tool], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A mosquitto that wants TLS and a login. */
export interface StrictBroker {
  /** For clients that speak TLS; its certificate is for `localhost` alone. */
  readonly port: number;
  /** For clients without TLS, with the same login. */
  readonly plainPort: number;
  /** PEM of the authority that signed its certificate. */
  readonly caFile: string;
  stop(): Promise<void>;
}

/** Starts one, with a certificate of an authority of its own. */
export async function startStrictBroker(folder: string, user: string, password: string): Promise<StrictBroker> {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-days', '2', '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=venfleet test authority');
  openssl('req', ...key, '-keyout', 'broker.key', '-out', 'broker.csr', '-subj', '/CN=localhost');
  writeFileSync(join(folder, 'names'), 'subjectAltName=DNS:localhost\n');
  const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'];
  openssl('x509', '-req', '-in', 'broker.csr', ...by, '-days', '2', '-out', 'broker.pem', '-extfile', 'names');
  execFileSync('mosquitto_passwd', ['-b', '-c', join(folder, 'passwords'), user, password], { stdio: 'ignore' });
  const [port, plainPort] = [await freePort(), await freePort()];
  const lines = [
    // As root it would become another user, who cannot read the temporary folder.
    `user ${execFileSync('id', ['-un']).toString().trim()}`,
    'allow_anonymous false',
    `password_file ${folder}/passwords`,
    `listener ${plainPort} 127.0.0.1`,
    `listener ${port} 127.0.0.1`,
    `cafile ${folder}/ca.pem`,
    `certfile ${folder}/broker.pem`,
    `keyfile ${folder}/broker.key`,
  ];
  writeFileSync(join(folder, 'mosquitto.conf'), lines.map((line) => `${line}\n`).join(''));
  const child = spawn(mosquittoCommand() as string, ['-c', join(folder, 'mosquitto.conf')], { stdio: 'ignore' });
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  await reachable(port, child);
  const stop = () => {
    child.kill();
    return ended;
  };
  return { port, plainPort, caFile: join(folder, 'ca.pem'), stop };
}

/** Knocks until somebody opens. */
async function reachable(port: number, child: ChildProcess): Promise<void> {
  for (;;) {
    const isOpen = await new Promise<boolean>((done) => {
      const socket = createConnection(port, '127.0.0.1', () => done(true)).on('error', () => done(false));
      socket.once('connect', () => socket.destroy());
    });
    if (isOpen) return;
    if (child.exitCode !== null) throw new Error(`mosquitto ended with status ${child.exitCode}`);
  }
}

import { execFileSync, spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { programs } from './support/programs.js';

/** As many connections as are wanted, or as open files allow here, each side in its own process. */
const OPEN_FILES = Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' })) || 1_024;
const CONNECTIONS = Math.min(10_000, OPEN_FILES - 500);

/** Connects, and says so much. */
const open = (port: number, bytes: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      if (bytes !== '') socket.write(bytes);
      resolve(socket);
    });
    socket.once('error', reject);
  });

test(`${CONNECTIONS} connections that say nothing, or never finish a request, do not keep a VTN from answering`, async () => {
  const options = ['serve', '--port', '0', '--no-auth', '--no-mqtt', '--json'];
  const child = spawn(process.execPath, [programs['vtn-mock'], ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  const sockets: Socket[] = [];
  try {
    const origin = await new Promise<string>((resolve) => {
      let text = '';
      child.stdout.on('data', (chunk) => {
        text += chunk;
        if (text.includes('\n')) resolve(JSON.parse(text).origin);
      });
    });
    const port = Number(new URL(origin).port);
    for (let i = 0; sockets.length < CONNECTIONS; i++) {
      const bytes = i % 2 === 0 ? '' : 'POST /openadr3/3.1.0/programs HTTP/1.1\r\nhost: a\r\nx-slow: ';
      const count = Math.min(250, CONNECTIONS - sockets.length);
      sockets.push(...(await Promise.all(Array.from({ length: count }, () => open(port, bytes)))));
    }
    const statuses: number[] = [];
    for (let i = 0; i < 20; i++) {
      const body = JSON.stringify({ programName: `p${i}` });
      const headers = { 'content-type': 'application/json' };
      statuses.push((await fetch(`${origin}/openadr3/3.1.0/programs`, { method: 'POST', headers, body })).status);
    }
    expect(statuses).toEqual(Array(20).fill(201));
    // Who never finishes is cut off with 408 after the time for headers, ten seconds.
    const slow = sockets[250] as Socket;
    const answer = await new Promise<string>((resolve) => {
      slow.once('data', (chunk) => resolve(String(chunk)));
      slow.once('close', () => resolve(''));
    });
    expect(answer).toContain(' 408 ');
  } finally {
    for (const socket of sockets) socket.destroy();
    child.kill('SIGTERM');
    await new Promise((resolve) => child.once('close', resolve));
  }
}, 60_000);

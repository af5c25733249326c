import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { instant } from '@venfleet/core';
import { Processes } from '@venfleet/interop';
import { CommandVen } from '../src/ven/command-ven.js';
import type { Situation } from '../src/ven/ven.js';

const folder = mkdtempSync(join(tmpdir(), 'command-ven-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const situation: Situation = {
  name: 'Ven A',
  clientId: 'a',
  clientSecret: "it's $ecret",
  url: 'http://127.0.0.1:1/3.1.0',
  version: '3.1.0',
  folder,
  pollS: 2,
  push: 'mqtt',
};
const processes = () => new Processes(new AbortController().signal);
const start = (command: string, planCommand?: string) =>
  new CommandVen({ command, planCommand, processes: processes() }).start(situation);

describe('a VEN that is a command', () => {
  test('is told the situation by its environment', async () => {
    const names = 'VEN_NAME|CLIENT_ID|CLIENT_SECRET|VTN_URL|VTN_VERSION|STATE_FOLDER|POLL_S|PUSH';
    const ven = await start(`env > '${folder}/env'`);
    expect(await ven.exited).toBe(0);
    const lines = readFileSync(join(folder, 'env'), 'utf8').split('\n');
    expect(lines.filter((line) => new RegExp(`^(${names})=`).test(line)).sort()).toEqual(
      [
        'VEN_NAME=Ven A',
        'CLIENT_ID=a',
        "CLIENT_SECRET=it's $ecret",
        'VTN_URL=http://127.0.0.1:1/3.1.0',
        'VTN_VERSION=3.1.0',
        `STATE_FOLDER=${folder}`,
        'POLL_S=2',
        'PUSH=mqtt',
      ].sort(),
    );
  });

  test('is ended by SIGTERM, and what it said is kept', async () => {
    const ven = await start(
      `node -e "process.on('SIGTERM', () => process.exit(7)); console.error('up'); setInterval(() => {}, 1000)"`,
    );
    while (!ven.lastWords().includes('up')) await new Promise((resolve) => setImmediate(resolve));
    await ven.stop();
    expect(await ven.exited).toBe(7);
  });

  test('without a second command tells no plan', async () => {
    const ven = await start('true');
    expect(ven.plan).toBeUndefined();
  });

  test('tells its plan by the last line of its second command, for the time that it is asked for', async () => {
    const ven = await start('true', `echo noise; printf '{"limitKw": 20, "price": null, "at": "%s"}' "$AT"`);
    expect(await ven.plan?.(instant(Date.parse('2026-01-02T03:04:05Z')))).toEqual({
      limitKw: 20,
      price: null,
      at: '2026-01-02T03:04:05.000Z',
    });
    expect(await ven.plan?.()).toMatchObject({ at: '' });
  });

  test.each(['', '20', '{"limitKw": "20"}', '{"price": 1}', '{"limitKw": null, "heldKw": "much"}', '[]'])(
    'that prints %j is told what it should print',
    async (text) => {
      const ven = await start('true', `printf '%s' '${text}'`);
      await expect(ven.plan?.()).rejects.toMatchObject({
        code: 'PLAN_INVALID',
        hint: expect.stringContaining('{"limitKw": 20}'),
      });
    },
  );
});

import { describe, expect, it } from '@jest/globals';
import type { Logger } from '@venfleet/core';
import { MemoryLogger } from '@venfleet/core/testing';
import { asking, Receiver } from './support/receiver.js';
import { CLIENTS, TestVtn, VERSIONS } from './support/vtn.js';

/** What never belongs in a log or an error: secrets of clients, tokens, and what subscribers give for their callbacks. */
const CALLBACK_TOKEN = 'callback-bearer-7f3a9c';
const QUERY_SECRET = 'query-secret-51d2e8';

describe('secrets', () => {
  it('appear neither in logs of level debug nor in any answer to another, whatever is done', async () => {
    const logger = new MemoryLogger();
    const vtn = await new TestVtn({ logger: logger as Logger, mqtt: { port: 0 }, faults: { seed: 1 } }).start();
    const hook = await new Receiver().start();
    const secrets = new Set([CALLBACK_TOKEN, QUERY_SECRET, ...CLIENTS.map(({ clientSecret }) => clientSecret)]);
    const said: string[] = [];
    const keep = (answer: { body: unknown }) => {
      said.push(JSON.stringify(answer.body) ?? '');
      return answer;
    };
    for (const version of VERSIONS) {
      const [bl, ven, nobody] = [vtn.api(version, 'bl'), vtn.api(version, 'ven-a'), vtn.api(version)];
      for (const { clientId } of CLIENTS) secrets.add(await vtn.token(clientId, version));
      const program = await bl.ok(bl.post('/programs', { programName: `p ${version}` }));
      const subscription = asking(program.id, `${hook.url}/hook?key=${QUERY_SECRET}`, ['PROGRAM']);
      const [operations] = subscription.objectOperations as object[];
      const mine = { ...subscription, objectOperations: [{ ...operations, bearerToken: CALLBACK_TOKEN }] };
      // The one who gave it is shown it again; nobody else is.
      const made = await ven.ok(ven.post('/subscriptions', mine));
      keep(await bl.get(`/subscriptions/${made.id}`));
      keep(await bl.get('/subscriptions'));
      hook.onPost = () => 500;
      await bl.ok(bl.put(`/programs/${program.id}`, { programName: `q ${version}` }));
      await hook.until(version === '3.0.1' ? 1 : 2);
      for (const path of ['/vens', '/nothing', `/programs/${CALLBACK_TOKEN.length}`]) keep(await nobody.get(path));
      const bad: Record<string, string>[] = [
        { grant_type: 'client_credentials', client_id: 'bl', client_secret: `wrong${QUERY_SECRET}` },
        { grant_type: 'password', client_id: 'bl', client_secret: 'bl-secret' },
        { client_id: 'ven-a', client_secret: 'a-secret' },
      ];
      for (const form of bad) keep(await vtn.post(`${vtn.address.urls[version]}/auth/token`, form));
      const both = { authorization: `Basic ${Buffer.from('bl:bl-secret').toString('base64')}` };
      keep(
        await vtn.post(
          `${vtn.address.urls[version]}/auth/token`,
          { grant_type: 'x', client_id: 'bl', client_secret: 'bl-secret' },
          both,
        ),
      );
      const forged = { authorization: `Bearer ${await vtn.token('bl', version)}x` };
      keep(await vtn.send('GET', `${vtn.address.urls[version]}/vens?token=${QUERY_SECRET}`, { headers: forged }));
      keep(await bl.post('/programs', { programName: 7, bearerToken: CALLBACK_TOKEN }));
      keep(await ven.post('/subscriptions', { ...mine, clientName: '' }));
      keep(
        await ven.post('/subscriptions', {
          ...mine,
          objectOperations: [{ ...operations, callbackUrl: 'ftp://a', bearerToken: CALLBACK_TOKEN }],
        }),
      );
    }
    await vtn.stop();
    await hook.stop();
    expect(logger.lines.filter(({ level }) => level === 'debug').length).toBeGreaterThan(20);
    const logged = JSON.stringify(logger.lines);
    const answered = said.filter((text) => !text.includes(`key=${QUERY_SECRET}`)).join('\n');
    for (const secret of secrets) {
      expect([secret, logged.includes(secret)]).toEqual([secret, false]);
      expect([secret, answered.includes(secret)]).toEqual([secret, false]);
    }
  });
});

import { describe, expect, it } from '@jest/globals';
import { TestVtn } from './support/vtn.js';

const basic = { authorization: `Basic ${Buffer.from('admin:admin').toString('base64')}` };
const form = { grant_type: 'client_credentials' };

describe('quirks, for the tests of openleadr-client', () => {
  it('without them there is no admin', async () => {
    const vtn = await new TestVtn().start();
    expect((await vtn.post('/auth/token', form, basic)).status).toBe(401);
    await vtn.stop();
  });

  it('admin: may do what business logic may, at each version’s own port; other clients are as ever', async () => {
    const vtn = await new TestVtn({ quirks: ['admin'], rootPorts: { '3.0.1': 0, '3.1.0': 0 } }).start();
    for (const url of Object.values(vtn.address.rootUrls)) {
      const token = await vtn.post(`${url}/auth/token`, form, basic);
      const headers = { authorization: `Bearer ${token.body.access_token}` };
      const { status } = await vtn.send('POST', `${url}/programs`, { headers, body: { programName: url } });
      expect(status).toBe(201);
    }
    expect((await vtn.api('3.1.0', 'bl').get('/programs')).body).toHaveLength(2);
    const wrong = { authorization: `Basic ${Buffer.from('admin:wrong').toString('base64')}` };
    expect((await vtn.post('/auth/token', form, wrong)).status).toBe(401);
    await vtn.stop();
  });

  it('reset: each token of the admin empties the store', async () => {
    const vtn = await new TestVtn({ quirks: ['admin', 'reset'] }).start();
    const bl = vtn.api('3.0.1', 'bl');
    const program = await bl.ok(bl.post('/programs', { programName: 'p' }));
    await bl.ok(bl.post('/events', { programID: program.id, intervals: [] }));
    const ven = await bl.ok(bl.post('/vens', { venName: 'v' }));
    await bl.ok(bl.post(`/vens/${ven.id}/resources`, { resourceName: 'r' }));
    await vtn.token('ven-a', '3.0.1');
    expect((await bl.get('/programs')).body).toHaveLength(1);
    expect((await vtn.post('/auth/token', form, basic)).status).toBe(200);
    for (const path of ['/programs', '/events', '/vens']) expect((await bl.get(path)).body).toEqual([]);
    await bl.ok(bl.post('/programs', { programName: 'p' }));
    await vtn.stop();
  });
});

import type { WireVersion } from '@venfleet/openadr';
import {
  acceptRefused,
  all,
  answer,
  body,
  type Case,
  impersonate,
  method,
  readdress,
  retell,
  rewrite,
  type Sabotage,
  unique,
  url,
} from './sabotage.js';

const post = (path: RegExp) => all(method('POST'), url(path));
const item = /\/[a-z]+\/[^/?]+$/;

/** Gives a token of a client of the VTN. */
export type TokenOf = (clientId: string, version: WireVersion) => Promise<string>;

/** For each line a VTN that breaks it, and does the rest as it should. */
export function breaches(tokenOf: TokenOf): Case[] {
  const from = (version: WireVersion) => (line: number, breach: string, sabotage: Sabotage) => ({
    line,
    breach,
    version,
    sabotage,
  });
  const [in301, in310] = [from('3.0.1'), from('3.1.0')];
  const as = (clientId: string, version: WireVersion) => () => tokenOf(clientId, version);
  const without =
    (...keys: string[]) =>
    (object: Record<string, unknown>) =>
      Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
  const ofVen = (path: RegExp) => all(method('GET'), url(path), (r) => !isBusiness(r.headers.authorization));
  return [
    in301(1, 'has no modificationDateTime', retell(post(/\/vens$/), without('modificationDateTime'))),
    in310(1, 'has no objectType', retell(post(/\/events$/), without('objectType'))),
    in310(2, 'takes the client’s createdDateTime', async (request, forward) => {
      const sent = request.method === 'POST' && request.body?.includes('createdDateTime') ? JSON.parse(request.body) : {};
      const response = await forward(request);
      if (sent.createdDateTime === undefined) return response;
      return { ...response, body: JSON.stringify({ ...JSON.parse(response.body), createdDateTime: sent.createdDateTime }) };
    }),
    in301(3, 'makes ids with a dot', async (request, forward) => {
      const clean = (text: string) => text.replaceAll('x.', '');
      const response = await forward({ ...request, url: clean(request.url), body: request.body && clean(request.body) });
      return { ...response, body: response.body.replaceAll('"id":"', '"id":"x.') };
    }),
    in310(4, 'refuses, but stores', async (request, forward) => {
      const nameless = request.method === 'POST' && request.url.endsWith('/programs') && !request.body?.includes('programName');
      if (!nameless) return await forward(request);
      await forward({ ...request, body: JSON.stringify({ ...JSON.parse(request.body ?? ''), programName: 'unnamed' }) });
      return { status: 400, headers: {}, body: '{"status":400}' };
    }),
    in301(4, 'makes a ven without a name', acceptRefused(post(/\/vens$/))),
    in310(5, 'refuses unknown properties', answer(body(/xConformUnknown/), 400)),
    in301(6, 'refuses null', answer(body(/"targets":null/), 400)),
    in310(
      7,
      'cuts long names',
      rewrite(post(/\/programs$/), (b) => ({ ...b, programName: b.programName.slice(0, 128) })),
    ),
    in301(
      8,
      'keeps modificationDateTime',
      retell(method('PUT'), (b) => ({ ...b, modificationDateTime: b.createdDateTime })),
    ),
    in310(
      8,
      'merges instead of replacing',
      rewrite(all(method('PUT'), url(/\/events\//)), (b) => ({ priority: 7, ...b })),
    ),
    in310(9, 'answers a deletion with nothing', async (request, forward) => {
      const response = await forward(request);
      return request.method === 'DELETE' && response.status === 200 ? { ...response, status: 204, body: '' } : response;
    }),
    in301(10, 'answers 200 for what it does not have', async (request, forward) => {
      const response = await forward(request);
      return request.method === 'GET' && response.status === 404 ? { ...response, status: 200, body: '{}' } : response;
    }),
    in310(11, 'has problems without status', async (request, forward) => {
      const response = await forward(request);
      return response.status === 404 ? { ...response, body: '{"title":"Not Found"}' } : response;
    }),
    in301(11, 'has problems in HTML', async (request, forward) => {
      const response = await forward(request);
      return response.status === 409 ? { ...response, body: '<h1>Conflict</h1>' } : response;
    }),
    in310(12, 'takes limit=51', readdress(/limit=51/, 'limit=50')),
    in301(12, 'takes skip=-1', readdress(/skip=-1/, 'skip=0')),
    in310(13, 'ignores skip', readdress(/skip=\d+/, 'skip=0')),
    in301(14, 'ignores the second filter', readdress(/&clientName=[^&]*/, '')),
    in310(15, 'lets two programs have one name', acceptRefused(post(/\/programs$/))),
    in301(16, 'lets two vens have one name', acceptRefused(post(/\/vens$/))),
    in310(17, 'lets a resourceName be there only once', unique('resourceName')),
    in301(17, 'lets two resources of a ven have one name', acceptRefused(post(/\/resources$/))),
    in310(18, 'lets an eventName be there only once', unique('eventName')),
    in301(18, 'lets a reportName be there only once', unique('reportName')),
    in301(
      19,
      'asks for no token',
      impersonate((r) => r.headers.authorization === undefined && !r.url.includes('/auth/'), as('bl', '3.0.1')),
    ),
    in310(20, 'lets VENs write events', acceptRefused(post(/\/events$/))),
    in301(21, 'lets business logic write reports', acceptRefused(post(/\/reports$/))),
    in310(
      22,
      'does not know HTTP Basic',
      answer((r) => r.headers.authorization?.startsWith('Basic') === true, 401),
    ),
    in310(23, 'does not say invalid_client', answer(body(/client_secret=not-/), 401)),
    in301(24, 'takes any grant type', async (request, forward) =>
      forward({ ...request, body: request.body?.replace(/^grant_type=[a-z_]+/, 'grant_type=client_credentials') }),
    ),
    in310(25, 'has no expires_in', retell(url(/\/auth\/token$/), without('expires_in'))),
    in301(26, 'makes numbers texts', async (request, forward) => {
      const response = await forward(request);
      return { ...response, body: response.body.replaceAll('-12.5', '"-12.5"') };
    }),
    in310(27, 'knows no private units', answer(body(/CONFORM_UNITS/), 400)),
    in310(28, 'subscribes in spite of a wrong echo', acceptRefused(post(/\/subscriptions$/))),
    in301(
      30,
      'does not send the bearer token',
      rewrite(post(/\/subscriptions$/), (b) => withOperations(b, { bearerToken: null })),
    ),
    in310(
      31,
      'notifies of all operations',
      rewrite(post(/\/subscriptions$/), (b) => withOperations(b, { operations: ['CREATE', 'UPDATE', 'DELETE'] })),
    ),
    in301(
      31,
      'notifies of all objects',
      rewrite(post(/\/subscriptions$/), (b) =>
        withOperations(b, { objects: ['EVENT', 'PROGRAM'], operations: ['CREATE', 'UPDATE'] }),
      ),
    ),
    in301(32, 'has /notifiers', answer(url(/\/notifiers$/), 200)),
    in301(33, 'makes events without intervals', acceptRefused(post(/\/events$/))),
    in301(34, 'makes periods without start', acceptRefused(post(/\/events$/))),
    in301(35, 'takes reports without programID', acceptRefused(post(/\/reports$/))),
    in301(36, 'takes subscriptions without programID', acceptRefused(post(/\/subscriptions$/))),
    in301(37, 'looks at the last of several values', readdress(/&targetValues=[^&]*(?=&targetValues)/, '')),
    in301(
      38,
      'tells of no deletions',
      rewrite(post(/\/subscriptions$/), (b) => withOperations(b, { operations: ['CREATE', 'UPDATE'] })),
    ),
    in301(39, 'leaves resources out', retell(all(method('GET'), url(item), url(/\/vens\//)), without('resources'))),
    in310(40, 'asks for a token', answer(url(/\/auth\/server$/), 401)),
    in310(41, 'takes vens without objectType', acceptRefused(post(/\/vens$/))),
    in310(
      42,
      'gives VENs the targets they ask for',
      retell(all(ofVen(/\/vens\/[^/]+$/)), (b) => ({ ...b, targets: ['mine'] })),
    ),
    in310(43, 'lets VENs be business logic', acceptRefused(post(/\/vens$/))),
    in310(44, 'takes vens without clientID', acceptRefused(post(/\/vens$/))),
    in310(45, 'loses targets when a VEN writes', retell(all(method('GET'), url(/\/vens\/[^/]+$/)), without('targets'))),
    in310(46, 'shows VENs all reports', impersonate(ofVen(/\/reports(\?|$)/), as('bl', '3.1.0'))),
    in310(
      47,
      'shows business logic no resources',
      retell(all(method('GET'), url(/\/resources\?/)), () => []),
    ),
    in310(48, 'shows hidden events by their id', impersonate(ofVen(/\/events\/[^/?]+$/), as('bl', '3.1.0'))),
    in310(49, 'takes no notice of a ven’s targets', rewrite(all(method('PUT'), url(/\/vens\//)), without('targets'))),
    in310(49, 'takes no notice of a resource’s targets', rewrite(post(/\/resources$/), without('targets'))),
    in310(50, 'shows all targets', impersonate(ofVen(/\/events/), as('bl', '3.1.0'))),
    in310(51, 'hides events without targets', async (request, forward) => {
      if (!ofVen(/\/events/)(request)) return await forward(request);
      return request.url.includes('?')
        ? { status: 200, headers: {}, body: '[]' }
        : { status: 404, headers: {}, body: '{"status":404}' };
    }),
    in310(
      52,
      'wants intervals',
      answer(
        all(post(/\/events$/), (r) => !r.body?.includes('intervals')),
        400,
      ),
    ),
    in310(53, 'ignores active', readdress(/&active=true/, '')),
    in310(54, 'ignores programID', readdress(/\/reports\?programID=[^&]*/, '/reports?')),
    in310(55, 'has reports without clientID', retell(post(/\/reports$/), without('clientID'))),
    in310(55, 'has subscriptions without clientID', retell(all(method('GET'), url(/\/subscriptions\//)), without('clientID'))),
    in310(
      56,
      'says that it has no webhooks',
      retell(url(/\/notifiers$/), (b) => ({ ...b, WEBHOOK: false })),
    ),
    in310(
      57,
      'has a topic of the creation of one program',
      retell(url(/topics\/programs\/[^/]+$/), (b) => ({ topics: { ...b.topics, CREATE: 'created' } })),
    ),
    in310(58, 'tells VENs of others’ topics', impersonate(url(/\/topics\/vens\//), as('bl', '3.1.0'))),
    in310(59, 'posts what is hidden', impersonate(post(/\/subscriptions$/), as('bl', '3.1.0'))),
  ];
}

// biome-ignore lint/suspicious/noExplicitAny: a subscription request whose first operations are changed.
const withOperations = (request: any, change: object) => ({
  ...request,
  objectOperations: [{ ...request.objectOperations[0], ...change }],
});

/** Whether a token of ours is one of business logic: its payload has the role. */
function isBusiness(authorization: string | undefined): boolean {
  const payload = authorization?.split('.')[1] ?? '';
  return Buffer.from(payload, 'base64url').toString('utf8').includes('"role":"BL"');
}

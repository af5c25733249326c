import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { SCOPES } from '@venfleet/openadr';
import { TestVtn, VERSIONS } from './support/vtn.js';

describe.each(VERSIONS)('OpenAPI document of %s', (version) => {
  let vtn: TestVtn;
  // biome-ignore lint/suspicious/noExplicitAny: a JSON document that is examined member by member.
  let document: any;

  beforeAll(async () => {
    vtn = await new TestVtn().start();
    document = (await vtn.api(version).get('/openapi.json')).body;
  });
  afterAll(async () => await vtn.stop());

  it('is valid', async () => {
    expect(document.openapi).toBe('3.1.0');
    expect(await new Validator().validate(document)).toMatchObject({ valid: true });
  });

  it('has every path of the version, relative to its base path', () => {
    const resources = version === '3.0.1' ? '/vens/{venID}/resources' : '/resources';
    const collections = ['/programs', '/events', '/reports', '/subscriptions', '/vens', resources];
    const items = [
      '/programs/{programID}',
      '/events/{eventID}',
      '/reports/{reportID}',
      '/subscriptions/{subscriptionID}',
      '/vens/{venID}',
      `${resources}/{resourceID}`,
    ];
    const topics = ['programs', 'programs/{programID}', 'programs/{programID}/events', 'events', 'reports', 'subscriptions'];
    topics.push(
      'vens',
      'vens/{venID}',
      ...['events', 'programs', 'resources'].map((kind) => `vens/{venID}/${kind}`),
      'resources',
    );
    const notifiers = ['/notifiers', ...topics.map((path) => `/notifiers/mqtt/topics/${path}`)];
    const others = version === '3.0.1' ? ['/auth/token'] : ['/auth/token', '/auth/server', ...notifiers];
    expect(Object.keys(document.paths).sort()).toEqual([...collections, ...items, ...others].sort());
    for (const path of collections) expect(Object.keys(document.paths[path]).sort()).toEqual(['get', 'post']);
    for (const path of items) expect(Object.keys(document.paths[path]).sort()).toEqual(['delete', 'get', 'put']);
    expect(document.servers).toEqual([{ url: `/openadr3/${version}` }]);
  });

  it('names the scope of each operation, and knows all scopes', () => {
    const { scopes, tokenUrl } = document.components.securitySchemes.oAuth2ClientCredentials.flows.clientCredentials;
    expect(Object.keys(scopes).sort()).toEqual([...new Set([...SCOPES[version].BL, ...SCOPES[version].VEN])].sort());
    expect(tokenUrl).toBe(`/openadr3/${version}/auth/token`);
    const security = (path: string, method: string) => document.paths[path][method].security;
    const read = version === '3.0.1' ? 'read_all' : 'read_ven_objects';
    expect(security('/vens', 'get')).toEqual([{ oAuth2ClientCredentials: [read] }]);
    expect(security('/vens/{venID}', 'put')).toEqual([{ oAuth2ClientCredentials: ['write_vens'] }]);
    expect(security('/programs', 'post')).toEqual([{ oAuth2ClientCredentials: ['write_programs'] }]);
  });

  it('has each object once and refers to it', () => {
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining(['Program', 'Event', 'ReportRequest', 'Ven', 'VenRequest', 'Resource', 'Problem']),
    );
    const { schema } = document.paths['/vens/{venID}'].get.responses['200'].content['application/json'];
    expect(schema).toEqual({ $ref: '#/components/schemas/Ven' });
  });
});

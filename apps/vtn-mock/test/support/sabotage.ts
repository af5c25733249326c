import type { HttpRequest, HttpResponse, HttpTransport, WireVersion } from '@venfleet/openadr';

/** Stands between the tool and the VTN and breaks one rule. */
export type Sabotage = (request: HttpRequest, forward: (request: HttpRequest) => Promise<HttpResponse>) => Promise<HttpResponse>;

// biome-ignore lint/suspicious/noExplicitAny: bodies are changed member by member.
type Body = any;

export function through(transport: HttpTransport, sabotage: Sabotage): HttpTransport {
  return {
    request: (request) => sabotage(request, (changed) => transport.request(changed)),
    close: () => transport.close(),
  };
}

type When = (request: HttpRequest) => boolean;

export const all =
  (...conditions: When[]): When =>
  (request) =>
    conditions.every((condition) => condition(request));
export const method =
  (wanted: string): When =>
  (request) =>
    request.method === wanted;
export const url =
  (pattern: RegExp): When =>
  (request) =>
    pattern.test(request.url);
export const body =
  (pattern: RegExp): When =>
  (request) =>
    pattern.test(request.body ?? '');

/** Changes the bodies of requests. */
export const rewrite =
  (when: When, change: (body: Body) => Body): Sabotage =>
  (request, forward) =>
    forward(when(request) ? { ...request, body: JSON.stringify(change(JSON.parse(request.body ?? '{}'))) } : request);

/** Changes the URLs of requests. */
export const readdress =
  (pattern: RegExp, replacement: string): Sabotage =>
  (request, forward) =>
    forward({ ...request, url: request.url.replace(pattern, replacement) });

/** Changes the bodies of answers. */
export const retell =
  (when: When, change: (body: Body) => Body): Sabotage =>
  async (request, forward) => {
    const response = await forward(request);
    return when(request) ? { ...response, body: JSON.stringify(change(JSON.parse(response.body))) } : response;
  };

/** Answers by itself. */
export const answer =
  (when: When, status: number, content: object = { status }): Sabotage =>
  async (request, forward) =>
    when(request) ? { status, headers: {}, body: JSON.stringify(content) } : await forward(request);

/** Says that it was made what was refused. */
export const acceptRefused =
  (when: When): Sabotage =>
  async (request, forward) => {
    const response = await forward(request);
    const refused = response.status >= 400 && response.status < 500;
    return when(request) && refused ? { ...response, status: 201, body: '{"id":"none"}' } : response;
  };

/** Takes somebody for somebody else. @param token of the other */
export const impersonate =
  (when: When, token: () => Promise<string>): Sabotage =>
  async (request, forward) =>
    forward(when(request) ? { ...request, headers: { ...request.headers, authorization: `Bearer ${await token()}` } } : request);

/** Refuses what has a member that an earlier request had. */
export const unique = (key: string): Sabotage => {
  const seen = new Set<string>();
  return async (request, forward) => {
    const value = request.method === 'POST' ? new RegExp(`"${key}":"([^"]*)"`).exec(request.body ?? '')?.[1] : undefined;
    if (value === undefined) return await forward(request);
    if (seen.has(value)) return { status: 409, headers: {}, body: '{"status":409}' };
    seen.add(value);
    return await forward(request);
  };
};

/** A way to break a line of the checklist, in the version in which it is tried. */
export interface Case {
  readonly line: number;
  readonly breach: string;
  readonly version: WireVersion;
  readonly sabotage: Sabotage;
}

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RegistrationSummary } from '@venfleet/ven-agent';
import { buildVtnMock, type VtnAddress, type VtnMock, type VtnMockOptions } from '@venfleet/vtn-mock';
import { root, runProgram } from './programs.js';

/** What one test works with: a resource database, credentials, the agent's state. */
export interface Workplace {
  readonly db: string;
  readonly state: string;
  readonly credentials: string;
}

export function workplace(folder: string, name = 'work'): Workplace {
  const at = join(folder, name);
  mkdirSync(at, { recursive: true });
  return { db: join(at, 'resources.db'), state: join(at, 'agent.db'), credentials: join(at, 'credentials.json') };
}

/** Prepares the committed sample fleet, or with `perFile` only the first sites of each city and kind. */
export async function prepareFleet(
  folder: string,
  options: { vens?: readonly string[]; perFile?: number } = {},
): Promise<Workplace> {
  const place = workplace(folder);
  const source =
    options.vens === undefined ? join(root, 'config/exampleassets') : smallerFleet(folder, options.vens, options.perFile ?? 3);
  const outcome = await runProgram('resource-db', [
    'prepare',
    '--source',
    source,
    '--db',
    place.db,
    '--credentials',
    place.credentials,
    '--json',
  ]);
  if (outcome.status !== 0) throw new Error(`prepare failed: ${outcome.stderr}`);
  return place;
}

/** CSV files with the first `perFile` sites that each file has in each of the cities. */
export function smallerFleet(folder: string, vens: readonly string[], perFile: number): string {
  const source = join(folder, 'assets');
  mkdirSync(source, { recursive: true });
  const kinds = ['bars', 'hotels', 'schools', 'restaurants', 'industries', 'bakeries', 'swimmingpools', 'chargingstations'];
  for (const kind of kinds) {
    const file = `${kind}-in-denmark.csv`;
    const [header, ...rows] = readFileSync(join(root, 'config/exampleassets', file), 'utf8').split('\n');
    const chosen = vens.flatMap((ven) => rows.filter((row) => new RegExp(`\\d{4} ${ven}"`).test(row)).slice(0, perFile));
    writeFileSync(join(source, file), [header, ...chosen, ''].join('\n'));
  }
  return source;
}

/** A VTN in this process on a free port, and on the same port again when `port` is given. */
export async function startVtn(options: VtnMockOptions): Promise<{ vtn: VtnMock; address: VtnAddress }> {
  const vtn = buildVtnMock({ host: '127.0.0.1', port: 0, ...options });
  return { vtn, address: await vtn.start() };
}

export interface Credentials {
  readonly clients: readonly { clientId: string; clientSecret: string; role: string; venName?: string }[];
}

export function readCredentials(path: string): Credentials {
  return JSON.parse(readFileSync(path, 'utf8')) as Credentials;
}

/** The arguments of a registration at `url` in a workplace. */
export function registerArguments(place: Workplace, url: string): string[] {
  return ['register', '--vtn-url', url, '--db', place.db, '--state', place.state, '--credentials', place.credentials, '--json'];
}

/** What the VTN holds: names of VENs, and of resources with the VEN they are under, sorted. */
export async function contentOf(url: string, bearer: string): Promise<{ vens: string[]; resources: string[] }> {
  const version = url.includes('3.0.1') ? '3.0.1' : '3.1.0';
  const vens = await listAll<{ id: string; venName: string }>(`${url}/vens`, bearer);
  const names = new Map(vens.map((ven) => [ven.id, ven.venName]));
  const resources: string[] = [];
  if (version === '3.1.0') {
    const all = await listAll<{ venID: string; resourceName: string }>(`${url}/resources`, bearer);
    resources.push(...all.map((r) => `${names.get(r.venID)}/${r.resourceName}`));
  } else {
    for (const ven of vens) {
      const own = await listAll<{ resourceName: string }>(`${url}/vens/${ven.id}/resources`, bearer);
      resources.push(...own.map((r) => `${ven.venName}/${r.resourceName}`));
    }
  }
  return { vens: vens.map((ven) => ven.venName).sort(), resources: resources.sort() };
}

async function listAll<T>(url: string, bearer: string): Promise<T[]> {
  const all: T[] = [];
  for (;;) {
    const response = await fetch(`${url}?skip=${all.length}&limit=50`, { headers: { authorization: `Bearer ${bearer}` } });
    if (!response.ok) throw new Error(`GET ${url}: ${response.status} ${await response.text()}`);
    const page = (await response.json()) as T[];
    all.push(...page);
    if (page.length < 50) return all;
  }
}

/** An access token for a client, fetched as any client would. */
export async function tokenFor(url: string, client: { clientId: string; clientSecret: string }, scope?: string): Promise<string> {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: client.clientId,
    client_secret: client.clientSecret,
  });
  if (scope !== undefined) body.set('scope', scope);
  const response = await fetch(`${url}/auth/token`, { method: 'POST', body });
  const answer = (await response.json()) as { access_token?: string };
  if (answer.access_token === undefined) throw new Error(`no token: ${response.status} ${JSON.stringify(answer)}`);
  return answer.access_token;
}

export async function businessToken(url: string, credentials: string): Promise<string> {
  const client = readCredentials(credentials).clients.find(({ role }) => role === 'BL');
  if (client === undefined) throw new Error('there is no business-logic client');
  return tokenFor(url, client);
}

export type SummaryJson = Omit<RegistrationSummary, 'results'> & { durationMs: number };

import {
  businessClientOf,
  type Client,
  ensureDevelopmentCredentials,
  loadCredentials,
  type WireVersion,
} from '@venfleet/openadr';
import { type RegistrationSummary, registerFleet } from '@venfleet/ven-agent';
import { startMock, succeeded } from './mock.js';
import type { Workplace } from './workplace.js';
import type { ResourcePost } from './wrk.js';

/** A VEN and its resources as the agent wrote them: request bodies in 3.0.1's form, which 3.1 extends. */
export interface RecordedVen {
  readonly ven: { readonly venName: string } & Record<string, unknown>;
  readonly resources: readonly ResourcePost['body'][];
}

/** A prepared fleet, credentials for it, and what the agent registers of it. */
export interface Fleet {
  /** Path of the resource database. */
  readonly db: string;
  /** Path of the credentials file. */
  readonly credentials: string;
  readonly business: Client;
  /** Only the VENs with the most resources. */
  readonly limit?: number;
}

/** Makes credentials for a fleet's VENs. */
export function fleetOf(place: Workplace, db: string, venNames: readonly string[], limit?: number): Fleet {
  const credentials = place.path('credentials.json');
  ensureDevelopmentCredentials(credentials, venNames);
  const business = businessClientOf(loadCredentials(credentials));
  if (business === undefined) throw new TypeError('development credentials lack a business-logic client');
  return { db, credentials, business, ...(limit === undefined ? {} : { limit }) };
}

/** Registers a fleet by the agent's own function. @throws Error when anything failed */
export async function register(place: Workplace, fleet: Fleet, url: string): Promise<RegistrationSummary> {
  const { db, credentials, limit } = fleet;
  const state = place.path('agent.db');
  const summary = await registerFleet({
    vtn: { url, credentials },
    db,
    state,
    signal: place.signal,
    ...(limit === undefined ? {} : { limit }),
  });
  const [failure] = summary.failures;
  if (failure !== undefined) throw new Error(`${summary.failures.length} registrations failed: ${failure.message}`);
  return summary;
}

/** Registers a fleet with a mock VTN and reads back what the agent has written. */
export async function recordFleet(place: Workplace, fleet: Fleet): Promise<RecordedVen[]> {
  const mock = await startMock(place, fleet.credentials);
  try {
    const url = mock.urls['3.0.1'];
    await register(place, fleet, url);
    const token = await mock.token(fleet.business);
    const vens = await list(`${url}/vens`, token);
    return await Promise.all(
      vens.map(async (ven) => ({
        ven: requestOf<RecordedVen['ven']>(ven),
        resources: (await list(`${url}/vens/${ven.id}/resources`, token)).map(requestOf<ResourcePost['body']>),
      })),
    );
  } finally {
    await mock.stop();
  }
}

/** Creates a VEN and, unlike the agent, leaves its resources to others. @param role whose token it is @returns the POSTs of these */
export async function createVen(
  url: string,
  version: WireVersion,
  token: string,
  { ven, resources }: RecordedVen,
  role: 'BL' | 'VEN' = 'VEN',
): Promise<ResourcePost[]> {
  const clientID = role === 'BL' ? { clientID: `of-${ven.venName}` } : {};
  const answer = await fetch(`${url}/vens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(version === '3.0.1' ? ven : { objectType: `${role}_VEN_REQUEST`, ...clientID, ...ven }),
  });
  const { id } = (await succeeded(answer)) as { id: string };
  const base = new URL(url).pathname;
  if (version === '3.0.1') return resources.map((body) => ({ path: `${base}/vens/${id}/resources`, body }));
  return resources.map((body) => ({
    path: `${base}/resources`,
    body: { objectType: `${role}_RESOURCE_REQUEST`, ...clientID, venID: id, ...body },
  }));
}

type Stored = { readonly id: string } & Record<string, unknown>;

/** The pages of a list. */
async function list(url: string, token: string): Promise<Stored[]> {
  const all: Stored[] = [];
  for (;;) {
    const answer = await fetch(`${url}?limit=50&skip=${all.length}`, { headers: { authorization: `Bearer ${token}` } });
    const page = (await succeeded(answer)) as Stored[];
    all.push(...page);
    if (page.length < 50) return all;
  }
}

/** An object without what the VTN has added to it. */
function requestOf<Body>({ id, createdDateTime, modificationDateTime, objectType, venID, resources, ...body }: Stored): Body {
  return body as Body;
}

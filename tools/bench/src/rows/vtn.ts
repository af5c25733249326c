import { join } from 'node:path';
import { clientOf, loadCredentials, type WireVersion } from '@venfleet/openadr';
import { prepareFleet } from '../fleet.js';
import { startMock } from '../mock.js';
import { createVen, fleetOf, recordFleet } from '../recording.js';
import type { Row } from '../row.js';
import { ROOT, type Workplace } from '../workplace.js';
import { requireWrk, writeRequests, wrk } from '../wrk.js';

export const SECONDS = { full: 5, smoke: 1 };

export const vtnRow = vtnRowOf('vtn', '3.0.1');
export const vtn310Row = vtnRowOf('vtn-310', '3.1.0');

function vtnRowOf(name: string, version: WireVersion): Row {
  return {
    name,
    what: `mock VTN, OpenADR ${version}: POST of a resource, checked, authorised, persisted; wrk, 64 connections`,
    against: 'bare Fastify + ajv with the same schema + grouped commit into SQLite, no authorisation',
    unit: 'requests/s',
    target: { atLeast: 0.8 },
    async prepare(place) {
      await requireWrk(place);
      const { urls, token, requests } = await startWithOneVen(place, version);
      const bare = join(ROOT, 'tools/bench/dist/peers/bare-vtn.js');
      const { firstLine } = await place.start(process.execPath, [bare, version, place.path('bare.db')]);
      const { url: bareUrl } = JSON.parse(firstLine) as { url: string };
      const seconds = place.smoke ? SECONDS.smoke : SECONDS.full;
      // The servers live through all rounds, so each run needs names of its own.
      let salt = 0;
      const drive = (url: string) => wrk(place, { url, token, requests, seconds, salt: ++salt });
      return { ours: () => drive(urls[version]), peer: () => drive(bareUrl) };
    },
  };
}

/** Starts a mock with the biggest VEN, made by its own client, whose resources are still to be POSTed. */
async function startWithOneVen(place: Workplace, version: WireVersion) {
  const { db, vens } = prepareFleet(place);
  const fleet = fleetOf(place, db, vens, 1);
  const [recorded] = await recordFleet(place, fleet);
  const client = recorded && clientOf(loadCredentials(fleet.credentials), recorded.ven.venName);
  if (client === undefined) throw new TypeError('the recording has no VEN with credentials');
  const mock = await startMock(place, fleet.credentials);
  const token = await mock.token(client);
  const posts = await createVen(mock.urls[version], version, token, recorded as NonNullable<typeof recorded>);
  return { urls: mock.urls, token, requests: writeRequests(place, posts) };
}

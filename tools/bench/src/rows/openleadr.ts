import { WIRE_VERSIONS, type WireVersion } from '@venfleet/openadr';
import { prepareFleet } from '../fleet.js';
import { startMock } from '../mock.js';
import { type RealVtn, RealVtns } from '../openleadr.js';
import { createVen, type Fleet, fleetOf, type RecordedVen, recordFleet } from '../recording.js';
import type { Row } from '../row.js';
import type { Workplace } from '../workplace.js';
import { requireWrk, writeRequests, wrk } from '../wrk.js';
import { registerWith } from './register.js';
import { SECONDS } from './vtn.js';

/** In a smoke test only the three biggest VENs. */
const SMOKE_LIMIT = 3;

const nameOf = (family: string, version: WireVersion) => `${family}-${version === '3.0.1' ? '301' : '310'}`;

/** Rows against openleadr-rs, in each version that it speaks. */
export const openleadrRows: readonly Row[] = WIRE_VERSIONS.flatMap((version) => [vtnRow(version), registerRow(version)]);

function vtnRow(version: WireVersion): Row {
  return {
    name: nameOf('vtn-openleadr', version),
    family: 'vtn-openleadr',
    what: `mock VTN, OpenADR ${version}, with a data file: POST of a resource by business logic; wrk, 64 connections`,
    against: 'openleadr-vtn on PostgreSQL, the same requests',
    unit: 'requests/s',
    target: { atLeast: 1 },
    slow: true,
    async prepare(place) {
      await requireWrk(place);
      const vtns = await RealVtns.open(place, version);
      const { fleet, recording } = await record(place, 1);
      const [recorded] = recording as [RecordedVen];
      const mock = await startMock(place, fleet.credentials);
      const own = await mock.token(fleet.business);
      const ours = writeRequests(place, await createVen(mock.urls[version], version, own, recorded, 'BL'));
      const real = await vtns.start(fleet.credentials);
      place.atEnd(() => real.stop());
      const token = await real.token(fleet.business);
      const theirs = writeRequests(place, await real.createVen(recorded));
      const seconds = place.smoke ? SECONDS.smoke : SECONDS.full;
      // The servers live through all rounds, so each run needs names of its own.
      let salt = 0;
      return {
        ours: () => wrk(place, { url: mock.urls[version], token: own, requests: ours, seconds, salt: ++salt }),
        peer: () => wrk(place, { url: real.url, token, requests: theirs, seconds, salt: ++salt }),
        notes: vtns.notes,
      };
    },
  };
}

function registerRow(version: WireVersion): Row {
  return {
    name: nameOf('register-openleadr', version),
    family: 'register-openleadr',
    what: `registration of the sample fleet with a fresh openleadr-vtn, OpenADR ${version}, tokens included; in this process`,
    against: 'wrk: POST of the same resources to an equally fresh openleadr-vtn, one token, 64 connections',
    unit: 'resources/s',
    target: { atLeast: 0.7 },
    slow: true,
    async prepare(place) {
      await requireWrk(place);
      const vtns = await RealVtns.open(place, version);
      const { fleet, recording } = await record(place, place.smoke ? SMOKE_LIMIT : undefined);
      const fresh = async (work: (vtn: RealVtn) => Promise<number>) => {
        const vtn = await vtns.start(fleet.credentials);
        try {
          return await work(vtn);
        } finally {
          await vtn.stop();
        }
      };
      return {
        ours: () => fresh((vtn) => registerWith(place, fleet, vtn.url)),
        peer: () => fresh((vtn) => posted(place, fleet, recording, vtn)),
        notes: vtns.notes,
      };
    },
  };
}

/** The biggest VENs of the sample fleet, and what the agent registers of them. */
async function record(place: Workplace, limit: number | undefined): Promise<{ fleet: Fleet; recording: RecordedVen[] }> {
  const { db, vens } = prepareFleet(place);
  const fleet = fleetOf(place, db, vens.slice(0, limit), limit);
  return { fleet, recording: await recordFleet(place, fleet) };
}

async function posted(place: Workplace, fleet: Fleet, recording: readonly RecordedVen[], vtn: RealVtn): Promise<number> {
  const posts = [];
  for (const recorded of recording) posts.push(...(await vtn.createVen(recorded)));
  const token = await vtn.token(fleet.business);
  return wrk(place, { url: vtn.url, token, requests: writeRequests(place, posts), count: posts.length, salt: 0 });
}

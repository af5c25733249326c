import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepareFleet } from '../fleet.js';
import { type Mock, startMock } from '../mock.js';
import { pythonWithAiohttp } from '../python.js';
import { createVen, type Fleet, fleetOf, type RecordedVen, recordFleet, register } from '../recording.js';
import type { Contest, Row } from '../row.js';
import { ROOT, type Workplace } from '../workplace.js';
import { requireWrk, writeRequests, wrk } from '../wrk.js';

/** In a smoke test only the three biggest VENs. */
const SMOKE_LIMIT = 3;
const VERSION = '3.0.1';

const what = 'registration of the sample fleet with a fresh mock VTN, VENs and tokens included, ids remembered; in this process';
const unit = 'resources/s';

export const registerRow: Row = {
  name: 'register',
  what,
  against: 'wrk: POST of the same resources to an equally fresh mock VTN, one token, 64 connections',
  unit,
  target: { atLeast: 0.7 },
  async prepare(place) {
    await requireWrk(place);
    return contest(place, async (mock, fleet, recording) => {
      const [url, token] = [mock.urls[VERSION], await mock.token(fleet.business)];
      const posts = await Promise.all(recording.map((ven) => createVen(url, VERSION, token, ven)));
      const requests = writeRequests(place, posts.flat());
      return wrk(place, { url, token, requests, count: posts.flat().length, salt: 0 });
    });
  },
};

export const registerPyRow: Row = {
  name: 'register-py',
  what,
  against: 'Python aiohttp: POST of the same VENs and resources to an equally fresh mock VTN, one token, gather of 50',
  unit,
  target: { atLeast: 2 },
  async prepare(place) {
    const python = await pythonWithAiohttp(place);
    const script = join(ROOT, 'tools/bench/src/peers/register.py');
    return contest(place, async (mock, fleet, recording) => {
      const input = place.path('fleet.json');
      writeFileSync(input, JSON.stringify({ url: mock.urls[VERSION], token: await mock.token(fleet.business), vens: recording }));
      const { resources, seconds } = JSON.parse(await place.run(python, [script, input])) as {
        resources: number;
        seconds: number;
      };
      return resources / seconds;
    });
  },
};

/** Our registration against another way to write the same, each to a mock VTN of its own. @param peer gives resources/s */
async function contest(
  place: Workplace,
  peer: (mock: Mock, fleet: Fleet, recording: readonly RecordedVen[]) => Promise<number>,
): Promise<Contest> {
  const { db, vens } = prepareFleet(place);
  const fleet = fleetOf(place, db, vens, place.smoke ? SMOKE_LIMIT : undefined);
  const recording = await recordFleet(place, fleet);
  return {
    ours: () => withMock(place, fleet, (mock) => registerAt(place, fleet, mock)),
    peer: () => withMock(place, fleet, (mock) => peer(mock, fleet, recording)),
  };
}

/** Registers a fleet with an empty VTN. @returns resources per second */
export async function registerAt(place: Workplace, fleet: Fleet, mock: Mock): Promise<number> {
  let created = 0;
  const ms = await place.time(async () => {
    created = (await register(place, fleet, mock.urls[VERSION])).resources.created;
  });
  return created / (ms / 1000);
}

/** Runs `work` with an empty mock VTN. */
export async function withMock<T>(place: Workplace, fleet: Fleet, work: (mock: Mock) => Promise<T>): Promise<T> {
  const mock = await startMock(place, fleet.credentials);
  try {
    return await work(mock);
  } finally {
    await mock.stop();
  }
}

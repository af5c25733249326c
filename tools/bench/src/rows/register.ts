import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepareFleet } from '../fleet.js';
import { type Mock, startMock } from '../mock.js';
import { AIOHTTP, pythonWith } from '../python.js';
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
    return contest(place, (fleet, recording) => postByWrk(place, fleet, recording));
  },
};

export const registerPyRow: Row = {
  name: 'register-py',
  what,
  against: 'Python aiohttp: POST of the same VENs and resources to an equally fresh mock VTN, one token, gather of 50',
  unit,
  target: { atLeast: 2 },
  async prepare(place) {
    const python = await pythonWith(place, AIOHTTP);
    return contest(place, (fleet, recording) => postByPython(place, python, fleet, recording));
  },
};

/** Our registration against another way to write the same, each to a mock VTN of its own. @param peer gives resources/s */
async function contest(
  place: Workplace,
  peer: (fleet: Fleet, recording: readonly RecordedVen[]) => Promise<number>,
): Promise<Contest> {
  const { db, vens } = prepareFleet(place);
  const fleet = fleetOf(place, db, vens, place.smoke ? SMOKE_LIMIT : undefined);
  const recording = await recordFleet(place, fleet);
  return {
    ours: () =>
      withMock(place, fleet, async (mock) => {
        // The peers' token is issued before they begin: each meets a VTN that has answered one request.
        await mock.token(fleet.business);
        return registerAt(place, fleet, mock);
      }),
    peer: () => peer(fleet, recording),
  };
}

/** The VENs are made beforehand and the mock is started anew with them: its process is as fresh as the agent's. */
async function postByWrk(place: Workplace, fleet: Fleet, recording: readonly RecordedVen[]): Promise<number> {
  const data = place.path('vtn.db');
  const posts = await withMock(
    place,
    fleet,
    async (mock) => {
      const token = await mock.token(fleet.business);
      return (await Promise.all(recording.map((ven) => createVen(mock.urls[VERSION], VERSION, token, ven)))).flat();
    },
    data,
  );
  const requests = writeRequests(place, posts);
  const post = async (mock: Mock) =>
    wrk(place, { url: mock.urls[VERSION], token: await mock.token(fleet.business), requests, count: posts.length, salt: 0 });
  return withMock(place, fleet, post, data);
}

function postByPython(place: Workplace, python: string, fleet: Fleet, recording: readonly RecordedVen[]): Promise<number> {
  return withMock(place, fleet, async (mock) => {
    const input = place.path('fleet.json');
    writeFileSync(input, JSON.stringify({ url: mock.urls[VERSION], token: await mock.token(fleet.business), vens: recording }));
    const output = await place.run(python, [join(ROOT, 'tools/bench/src/peers/register.py'), input]);
    const { resources, seconds } = JSON.parse(output) as { resources: number; seconds: number };
    return resources / seconds;
  });
}

/** Registers a fleet with an empty VTN. @returns resources per second */
export const registerAt = (place: Workplace, fleet: Fleet, mock: Mock): Promise<number> =>
  registerWith(place, fleet, mock.urls[VERSION]);

/** Registers a fleet with the empty VTN at a URL. @returns resources per second */
export async function registerWith(place: Workplace, fleet: Fleet, url: string): Promise<number> {
  let created = 0;
  const ms = await place.time(async () => {
    created = (await register(place, fleet, url)).resources.created;
  });
  return created / (ms / 1000);
}

/** Runs `work` with a mock VTN. @param data its data file; by default a new one */
export async function withMock<T>(place: Workplace, fleet: Fleet, work: (mock: Mock) => Promise<T>, data?: string): Promise<T> {
  const mock = await startMock(place, fleet.credentials, data);
  try {
    return await work(mock);
  } finally {
    await mock.stop();
  }
}

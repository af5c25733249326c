import { generateFleet, type PreparedFleet, prepareFleet } from '../fleet.js';
import { fleetOf } from '../recording.js';
import type { Row } from '../row.js';
import { registerAt, withMock } from './register.js';

/** 116,568 resources in the same 158 cities. */
const SCALE = 12;

const common = {
  family: 'scale',
  against: 'the sample fleet itself, by the resource',
  unit: 'µs/resource',
  target: { atMost: 1.25 },
  slow: true,
} as const;

export const scalePrepareRow: Row = {
  ...common,
  name: 'scale-prepare',
  what: `CSV files of ${SCALE} times the sample fleet → resource database, in this process`,
  async prepare(place) {
    const big = await generateFleet(place, SCALE);
    const importFrom = async (source?: string) => {
      let resources = 0;
      const ms = await place.time(() => {
        resources = prepareFleet(place, source).resources;
      });
      return (ms * 1000) / resources;
    };
    return { ours: () => importFrom(big), peer: () => importFrom() };
  },
};

export const scaleRegisterRow: Row = {
  ...common,
  name: 'scale-register',
  what: `registration of ${SCALE} times the sample fleet with a fresh mock VTN, in this process`,
  async prepare(place) {
    const registration = ({ db, vens }: PreparedFleet) => {
      const fleet = fleetOf(place, db, vens);
      return async () => 1e6 / (await withMock(place, fleet, (mock) => registerAt(place, fleet, mock)));
    };
    const big = prepareFleet(place, await generateFleet(place, SCALE));
    return { ours: registration(big), peer: registration(prepareFleet(place)) };
  },
};

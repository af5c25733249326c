import { type JsonObject, sameJson } from '../answer.js';
import { FAR_AWAY, reportBody, venBody } from '../kinds.js';
import { BOTH, type Line } from '../line.js';
import type { Party } from '../party.js';
import type { Trial } from '../trial.js';

/** No command type among them: nobody's load may change by a check. */
const PAYLOADS = [
  { type: 'GHG', values: [0.17, -12.5, 0, 1e-7] },
  { type: 'ALERT_OTHER', values: ['plain', 'æøå "quoted" \\ 漢字 😀', ''] },
  { type: 'CONFORM_BOOLEANS', values: [true, false] },
  {
    type: 'CURVE',
    values: [
      { x: 0.5, y: -1.25 },
      { x: 1, y: 0 },
    ],
  },
  { type: 'CONFORM_MIXED', values: [1, 'one', true, { x: 1.5, y: 2.5 }] },
];

async function roundTrip(trial: Trial): Promise<void> {
  const interval = { id: 3, intervalPeriod: FAR_AWAY, payloads: PAYLOADS };
  const event = await trial.event({ intervals: [interval] });
  await unchanged(trial.bl, `/events/${event.id}`, ({ intervals }) => (intervals as JsonObject[])[0]?.payloads);
  const ven = await trial.make(
    trial.bl,
    '/vens',
    { ...venBody(trial.version, trial.name()), attributes: PAYLOADS },
    'a ven is made',
  );
  await unchanged(trial.bl, `/vens/${ven.id}`, ({ attributes }) => attributes);
  if (!trial.looksAtReports()) return;
  const body = reportBody(trial.version, { programID: String(event.programID), eventID: String(event.id) }, trial.name());
  const resources = [{ resourceName: 'conform', intervals: [{ id: 3, payloads: PAYLOADS }] }];
  const report = await trial.make(trial.ven, '/reports', { ...body, resources }, 'a VEN makes a report');
  type Resources = { intervals?: { payloads?: unknown }[] }[];
  await unchanged(trial.ven, `/reports/${report.id}`, (read) => (read.resources as Resources)[0]?.intervals?.[0]?.payloads);
}

async function unchanged(by: Party, path: string, payloadsIn: (object: JsonObject) => unknown): Promise<void> {
  const answer = (await by.get(path)).expect(200, 'the object is read');
  let payloads: unknown;
  try {
    payloads = payloadsIn(answer.object());
  } catch {
    payloads = undefined;
  }
  answer.verify(sameJson(payloads, PAYLOADS), `the payloads that were written: ${JSON.stringify(PAYLOADS)}`);
}

async function privateTypes(trial: Trial): Promise<void> {
  const objectType = (of: string) => (trial.in301 ? {} : { objectType: of });
  const [payloadType, units, readingType] = ['CONFORM_PAYLOAD', 'CONFORM_UNITS', 'CONFORM_READING'];
  const eventDescriptor = { payloadType, units, ...objectType('EVENT_PAYLOAD_DESCRIPTOR') };
  const event = await trial.event({
    intervals: [{ id: 0, intervalPeriod: FAR_AWAY, payloads: [{ type: payloadType, values: ['any'] }] }],
    payloadDescriptors: [eventDescriptor],
    reportDescriptors: [{ payloadType, units, readingType }],
  });
  if (!trial.looksAtReports()) return;
  const body = reportBody(trial.version, { programID: String(event.programID), eventID: String(event.id) }, trial.name());
  const payloadDescriptors = [{ payloadType, units, readingType, ...objectType('REPORT_PAYLOAD_DESCRIPTOR') }];
  await trial.make(trial.ven, '/reports', { ...body, payloadDescriptors }, 'a VEN makes a report with private types');
}

export const valueLines: readonly Line[] = [
  { number: 26, versions: BOTH, title: 'payload values round-trip unchanged (number, string, boolean, point)', check: roundTrip },
  { number: 27, versions: BOTH, title: 'private payload, unit and reading types are accepted', check: privateTypes },
];

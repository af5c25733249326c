import { nullable } from '../wire/common.js';
import { type Static, Type } from '../wire/schema.js';
import type { IntervalPeriod } from '../wire/v310/index.js';
import { ReceivedId, ReceivedName } from './adapter.js';
import type { PayloadDescriptor, Program } from './domain.js';

/** What both versions say of a program in the same way. */
export const ReceivedProgramParts = {
  id: ReceivedId,
  programName: ReceivedName,
  programDescriptions: nullable(Type.Array(Type.Object({ URL: Type.String() }))),
  payloadDescriptors: nullable(Type.Array(Type.Object({ payloadType: Type.String() }))),
  intervalPeriod: nullable(Type.Object({})),
};
const Parts = Type.Object(ReceivedProgramParts);

export function decodeProgramParts(received: Static<typeof Parts>): Omit<Program, 'attributes' | 'targets'> {
  const { id, programName, programDescriptions, payloadDescriptors, intervalPeriod } = received;
  return {
    id,
    name: programName,
    descriptionUrls: (programDescriptions ?? []).map(({ URL }) => URL),
    payloadDescriptors: (payloadDescriptors ?? []).map(decodeDescriptor),
    ...(intervalPeriod === undefined || intervalPeriod === null ? {} : { intervalPeriod: intervalPeriod as IntervalPeriod }),
  };
}

/** 3.0.1 allows descriptors without objectType: these three properties are those of reports. */
function decodeDescriptor(received: object): PayloadDescriptor {
  if ('objectType' in received) return received as PayloadDescriptor;
  const ofReport = 'readingType' in received || 'accuracy' in received || 'confidence' in received;
  return { ...received, objectType: ofReport ? 'REPORT_PAYLOAD_DESCRIPTOR' : 'EVENT_PAYLOAD_DESCRIPTOR' } as PayloadDescriptor;
}

export function encodeDescriptions(urls: readonly string[] = []): { programDescriptions?: { URL: string }[] } {
  return urls.length === 0 ? {} : { programDescriptions: urls.map((url) => ({ URL: url })) };
}

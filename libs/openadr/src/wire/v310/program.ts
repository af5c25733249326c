import { Attributes, discriminated, metadata, name, nullable } from '../common.js';
import { type Static, Type } from '../schema.js';
import { uri } from '../uri.js';
import { EventPayloadDescriptor, IntervalPeriod, ReportPayloadDescriptor, Targets } from './parts.js';

export const ProgramRequest = Type.Object(
  {
    programName: name('Short name, unique at the VTN.', 'ResTOU'),
    intervalPeriod: Type.Optional(IntervalPeriod),
    programDescriptions: nullable(
      Type.Array(Type.Object({ URL: uri('Where a description of the program is.') }), {
        description: 'Descriptions of the program.',
      }),
    ),
    payloadDescriptors: nullable(
      Type.Array(
        discriminated('objectType', [EventPayloadDescriptor, ReportPayloadDescriptor], {
          title: 'PayloadDescriptor',
          description: 'What the values of events or reports mean.',
        }),
      ),
    ),
    attributes: nullable(Attributes),
    targets: nullable(Targets),
  },
  { title: 'ProgramRequest', description: 'A program as business logic writes it.' },
);
export type ProgramRequest = Static<typeof ProgramRequest>;

export const Program = Type.Object(
  { ...metadata('PROGRAM'), ...ProgramRequest.properties },
  { title: 'Program', description: 'A program as the VTN keeps it.' },
);
export type Program = Static<typeof Program>;

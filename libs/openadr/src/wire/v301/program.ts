import { Duration, metadata, name, nullable } from '../common.js';
import { type Static, Type } from '../schema.js';
import { uri } from '../uri.js';
import { EventPayloadDescriptor, IntervalPeriod, ReportPayloadDescriptor, Targets } from './parts.js';

const text = (description: string, example: string) => nullable(Type.String({ description, examples: [example] }));

export const ProgramRequest = Type.Object(
  {
    programName: name('Short name, unique at the VTN.', 'ResTOU'),
    programLongName: text('Long name for people.', 'Residential Time of Use-A'),
    retailerName: text('Short name of the energy retailer.', 'ACME'),
    retailerLongName: text('Long name of the energy retailer.', 'ACME Electric Inc.'),
    programType: text('Category of the program.', 'PRICING_TARIFF'),
    country: text('ISO 3166-1 alpha-2 code.', 'DK'),
    principalSubdivision: text('ISO 3166-2 code of the region.', '82'),
    timeZoneOffset: Type.Optional(Duration),
    intervalPeriod: Type.Optional(IntervalPeriod),
    programDescriptions: nullable(
      Type.Array(Type.Object({ URL: uri('Where a description of the program is.') }), {
        description: 'Descriptions of the program.',
      }),
    ),
    bindingEvents: nullable(Type.Boolean({ description: 'Events stay as they are once sent.' })),
    localPrice: nullable(Type.Boolean({ description: 'Events were adapted from those of the grid.' })),
    payloadDescriptors: nullable(
      Type.Array(Type.Union([EventPayloadDescriptor, ReportPayloadDescriptor]), {
        description: 'What the values of events and reports mean.',
      }),
    ),
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

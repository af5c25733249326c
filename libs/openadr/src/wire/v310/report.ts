import { metadata, name, nullable, ObjectId, reportName } from '../common.js';
import { type Static, Type } from '../schema.js';
import { ClientId, Interval, IntervalPeriod, ReportPayloadDescriptor } from './parts.js';

export const ReportResource = Type.Object(
  {
    resourceName: name('Resource that the values are of; AGGREGATED_REPORT for a sum over several.', 'RESOURCE-999'),
    intervalPeriod: Type.Optional(IntervalPeriod),
    intervals: Type.Array(Interval, { description: 'Values over time.' }),
  },
  { title: 'ReportResource', description: 'Values of one resource.' },
);
export type ReportResource = Static<typeof ReportResource>;

export const ReportRequest = Type.Object(
  {
    eventID: ObjectId,
    clientName: name('Who reports; may be the VEN’s name.', 'VEN-999'),
    reportName,
    payloadDescriptors: nullable(Type.Array(ReportPayloadDescriptor, { description: 'What the values mean.' })),
    resources: Type.Array(ReportResource, { description: 'Values, by resource.' }),
  },
  { title: 'ReportRequest', description: 'A report as a VEN writes it.' },
);
export type ReportRequest = Static<typeof ReportRequest>;

export const Report = Type.Object(
  { ...metadata('REPORT'), ...ReportRequest.properties, clientID: ClientId },
  { title: 'Report', description: 'A report as the VTN keeps it.' },
);
export type Report = Static<typeof Report>;

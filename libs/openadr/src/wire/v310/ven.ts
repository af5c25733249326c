import { Attributes, discriminated, metadata, name, nullable, ObjectId } from '../common.js';
import { type Static, Type } from '../schema.js';
import { ClientId, Targets } from './parts.js';

const ven = { venName: name('Name, unique at the VTN.', 'VEN-999'), attributes: nullable(Attributes) };

export const BlVenRequest = Type.Object(
  { objectType: Type.Literal('BL_VEN_REQUEST'), clientID: ClientId, targets: nullable(Targets), ...ven },
  { title: 'BlVenRequest', description: 'A VEN as business logic writes it.' },
);
export type BlVenRequest = Static<typeof BlVenRequest>;

export const VenVenRequest = Type.Object(
  { objectType: Type.Literal('VEN_VEN_REQUEST'), ...ven },
  { title: 'VenVenRequest', description: 'A VEN as it writes itself; the VTN knows its client id from the token.' },
);
export type VenVenRequest = Static<typeof VenVenRequest>;

export const VenRequest = discriminated('objectType', [VenVenRequest, BlVenRequest], {
  title: 'VenRequest',
  description: 'A VEN as a client writes it.',
});
export type VenRequest = Static<typeof VenRequest>;

export const Ven = Type.Object(
  { ...metadata('VEN'), clientID: ClientId, ...ven, targets: nullable(Targets) },
  { title: 'Ven', description: 'A VEN as the VTN keeps it.' },
);
export type Ven = Static<typeof Ven>;

const resource = {
  resourceName: name('Name, unique within the VEN.', 'RESOURCE-999'),
  venID: ObjectId,
  attributes: nullable(Attributes),
};

export const BlResourceRequest = Type.Object(
  {
    objectType: Type.Literal('BL_RESOURCE_REQUEST'),
    // Required by the YAML, yet openleadr's client leaves it out: the VEN's own client id is meant then.
    clientID: Type.Optional(ClientId),
    targets: nullable(Targets),
    ...resource,
  },
  { title: 'BlResourceRequest', description: 'A resource as business logic writes it.' },
);
export type BlResourceRequest = Static<typeof BlResourceRequest>;

export const VenResourceRequest = Type.Object(
  { objectType: Type.Literal('VEN_RESOURCE_REQUEST'), ...resource },
  { title: 'VenResourceRequest', description: 'A resource as its VEN writes it.' },
);
export type VenResourceRequest = Static<typeof VenResourceRequest>;

export const ResourceRequest = discriminated('objectType', [BlResourceRequest, VenResourceRequest], {
  title: 'ResourceRequest',
  description: 'A resource as a client writes it.',
});
export type ResourceRequest = Static<typeof ResourceRequest>;

export const Resource = Type.Object(
  { ...metadata('RESOURCE'), clientID: ClientId, ...resource, targets: nullable(Targets) },
  { title: 'Resource', description: 'A resource as the VTN keeps it.' },
);
export type Resource = Static<typeof Resource>;

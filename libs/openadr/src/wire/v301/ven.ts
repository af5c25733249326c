import { Attributes, metadata, name, nullable, ObjectId } from '../common.js';
import { type Static, Type } from '../schema.js';
import { Targets } from './parts.js';

export const ResourceRequest = Type.Object(
  {
    resourceName: name('Name, unique within the VEN.', 'RESOURCE-999'),
    attributes: nullable(Attributes),
    targets: nullable(Targets),
  },
  { title: 'ResourceRequest', description: 'A resource as a client writes it; the path names its VEN.' },
);
export type ResourceRequest = Static<typeof ResourceRequest>;

export const Resource = Type.Object(
  { ...metadata('RESOURCE'), ...ResourceRequest.properties, venID: ObjectId },
  { title: 'Resource', description: 'A resource as the VTN keeps it.' },
);
export type Resource = Static<typeof Resource>;

const ven = {
  venName: name('Name, unique at the VTN.', 'VEN-999'),
  attributes: nullable(Attributes),
  targets: nullable(Targets),
};

export const VenRequest = Type.Object(
  { ...ven, resources: nullable(Type.Array(ResourceRequest, { description: 'Resources of the VEN.' })) },
  { title: 'VenRequest', description: 'A VEN as a client writes it.' },
);
export type VenRequest = Static<typeof VenRequest>;

export const Ven = Type.Object(
  { ...metadata('VEN'), ...ven, resources: nullable(Type.Array(Resource, { description: 'Resources of the VEN.' })) },
  { title: 'Ven', description: 'A VEN as the VTN keeps it.' },
);
export type Ven = Static<typeof Ven>;

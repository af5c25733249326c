import type { WireVersion } from '../wire/common.js';
import type { JsonObject } from './answer.js';

type KindName = 'program' | 'event' | 'report' | 'subscription' | 'ven' | 'resource';

/** What a kind's objects refer to. */
interface Parents {
  readonly programID: string;
  readonly eventID: string;
  readonly venID: string;
  /** 3.1: of that ven. */
  readonly venClientID: string;
  /** Where the VTN is to post notifications, and whose echo challenge is answered. */
  readonly callbackUrl: string;
}

/** How one kind of object is written and found in one version, for lines that hold for all kinds. */
export interface Kind {
  readonly name: KindName;
  readonly objectType: string;
  /** Of the collection. */
  readonly path: string;
  /** Who writes it: business logic, or a VEN. */
  readonly writer: 'bl' | 'ven';
  /** A name of 1 to 128 characters. */
  readonly nameKey: string;
  /** Without these a request is refused. */
  readonly required: readonly string[];
  /** May be null in requests. */
  readonly nullable: readonly string[];
  /** An optional member with a value. */
  readonly optional: JsonObject;
  /** The smallest request that is valid; `name` is found again somewhere in the object. */
  body(name: string): JsonObject;
}

/**
 * A day long enough away that no VEN acts on it, should it see the event before it is deleted again.
 * GHG tells of emissions and commands nothing.
 */
export const FAR_AWAY = { start: '2099-01-01T00:00:00Z', duration: 'PT1H' };
export const HARMLESS = { type: 'GHG', values: [1] };
export const INTERVAL = { id: 0, intervalPeriod: FAR_AWAY, payloads: [HARMLESS] };

export const kindsOf = (version: WireVersion, parents: Parents): readonly Kind[] => [
  ...utilityKinds(version, parents),
  ...siteKinds(version, parents),
];

/** What the utility writes, and subscriptions to it. */
function utilityKinds(version: WireVersion, { programID, callbackUrl }: Parents): Kind[] {
  const in301 = version === '3.0.1';
  return [
    {
      name: 'program',
      objectType: 'PROGRAM',
      path: '/programs',
      writer: 'bl',
      nameKey: 'programName',
      required: ['programName'],
      nullable: [
        'programDescriptions',
        'payloadDescriptors',
        'targets',
        ...(in301 ? ['programLongName', 'country', 'bindingEvents'] : ['attributes']),
      ],
      optional: { programDescriptions: [{ URL: 'https://conform.example/about' }] },
      body: (programName) => ({ programName }),
    },
    {
      name: 'event',
      objectType: 'EVENT',
      path: '/events',
      writer: 'bl',
      nameKey: 'eventName',
      required: ['programID'],
      nullable: ['priority', 'targets', 'reportDescriptors', 'payloadDescriptors'],
      optional: { priority: 7 },
      body: (eventName) => ({ programID, eventName, intervals: [INTERVAL] }),
    },
    {
      name: 'subscription',
      objectType: 'SUBSCRIPTION',
      path: '/subscriptions',
      writer: 'bl',
      nameKey: 'clientName',
      required: ['clientName', 'objectOperations'],
      nullable: ['targets'],
      optional: { targets: in301 ? [{ type: 'GROUP', values: ['conform'] }] : ['conform'] },
      body: (clientName) => ({
        clientName,
        programID,
        objectOperations: [operations(callbackUrl, ['PROGRAM'], ['UPDATE'])],
      }),
    },
  ];
}

/** What VENs are and have. */
function siteKinds(version: WireVersion, parents: Parents): Kind[] {
  const in301 = version === '3.0.1';
  const descriptor = { payloadType: 'USAGE', ...(in301 ? {} : { objectType: 'REPORT_PAYLOAD_DESCRIPTOR' }) };
  const attributes = [{ type: 'CONFORM', values: ['a'] }];
  return [
    {
      name: 'report',
      objectType: 'REPORT',
      path: '/reports',
      writer: 'ven',
      nameKey: 'clientName',
      required: ['eventID', 'clientName', 'resources'],
      nullable: ['payloadDescriptors'],
      optional: { payloadDescriptors: [descriptor] },
      body: (name) => reportBody(version, parents, name),
    },
    {
      name: 'ven',
      objectType: 'VEN',
      path: '/vens',
      writer: 'bl',
      nameKey: 'venName',
      required: ['venName'],
      nullable: ['attributes', 'targets'],
      optional: { attributes },
      body: (venName) => venBody(version, venName),
    },
    {
      name: 'resource',
      objectType: 'RESOURCE',
      path: in301 ? `/vens/${parents.venID}/resources` : '/resources',
      writer: 'bl',
      nameKey: 'resourceName',
      required: in301 ? ['resourceName'] : ['objectType', 'resourceName', 'venID'],
      nullable: ['attributes', 'targets'],
      optional: { attributes },
      body: (resourceName) => resourceBody(version, parents, resourceName),
    },
  ];
}

/** What to be told of, and where. */
export const operations = (
  callbackUrl: string,
  objects: readonly string[],
  kinds: readonly string[],
  bearerToken?: string,
): JsonObject => ({
  objects,
  operations: kinds,
  callbackUrl,
  ...(bearerToken === undefined ? {} : { bearerToken }),
});

/** As business logic writes a ven. @param clientID 3.1: its client's; one of its own by default, as no client has two vens */
export function venBody(version: WireVersion, venName: string, clientID = `of-${venName}`.slice(0, 128)): JsonObject {
  return version === '3.0.1' ? { venName } : { objectType: 'BL_VEN_REQUEST', clientID, venName };
}

/** As business logic writes a resource. */
export function resourceBody(
  version: WireVersion,
  { venID, venClientID }: Pick<Parents, 'venID' | 'venClientID'>,
  resourceName: string,
): JsonObject {
  return version === '3.0.1'
    ? { resourceName }
    : { objectType: 'BL_RESOURCE_REQUEST', clientID: venClientID, venID, resourceName };
}

export function reportBody(
  version: WireVersion,
  { programID, eventID }: Pick<Parents, 'programID' | 'eventID'>,
  name: string,
): JsonObject {
  const resources = [{ resourceName: 'conform', intervals: [{ id: 0, payloads: [{ type: 'USAGE', values: [1.5] }] }] }];
  return { ...(version === '3.0.1' ? { programID } : {}), eventID, clientName: name, reportName: name, resources };
}

import type { ResourceSummary, Session, VenState } from '@venfleet/console-api';

type ResourceState = NonNullable<ResourceSummary['state']>;

/** What is said otherwise at a VTN, which knows of reports, than at an agent, which knows of meters. */
export interface Words {
  readonly states: Readonly<Record<VenState, { readonly name: string; readonly meaning: string }>>;
  readonly resourceStates: Readonly<Record<ResourceState, string>>;
  /** When something was last heard of a VEN or a resource; as a column's title, too. */
  readonly lastHeard: string;
  readonly heard: string;
  /** Whose load the headline is: of so many of all VENs. */
  readonly loadOf: (known: number, vens: number) => string;
  /** In a chart's place. */
  readonly noCurve: string;
  readonly noVens: string;
  readonly noSuchVen: string;
  readonly facts: string;
  /** Of an event: nothing is known of what was delivered. */
  readonly nothingDelivered: string;
  readonly nothingOfVen: string;
  /** What an audit holds against what was expected. */
  readonly received: string;
}

const VTN: Words = {
  states: {
    'in-event': { name: 'In event', meaning: 'an event that changes its load is on' },
    reporting: { name: 'Reporting', meaning: 'its newest report is fresh' },
    registered: { name: 'Registered', meaning: 'it is there, and nobody asks it for reports' },
    silent: { name: 'Silent', meaning: 'it is asked for reports, and none came in time' },
  },
  resourceStates: { reporting: 'reporting', silent: 'silent', limited: 'limited', problem: 'problem' },
  lastHeard: 'Last report',
  heard: 'Reported',
  loadOf: (known, vens) =>
    known === 0 ? 'no load has been reported yet' : `load now, as ${known === vens ? 'all' : `${known} of the`} VENs report it`,
  noCurve: 'No load has been reported yet. It shows as soon as reports come in.',
  noVens: 'The VTN has no VENs yet. Register some: npx nx run ven-agent:register',
  noSuchVen: 'The VTN has no such VEN (any more).',
  facts: 'What the VTN knows of it',
  nothingDelivered: 'Nothing has been reported of it yet.',
  nothingOfVen: 'no report',
  received: 'Received',
};

const AGENT: Words = {
  states: {
    'in-event': { name: 'In event', meaning: 'an event that changes its load is on' },
    reporting: { name: 'Ready', meaning: 'its meters answer, and its VTN is heard' },
    registered: { name: 'Waiting', meaning: 'its meters answer, and its VTN has not been heard yet' },
    silent: { name: 'Silent', meaning: 'its meters do not answer, or its VTN is not heard any more' },
  },
  resourceStates: { reporting: 'metered', silent: 'silent', limited: 'limited', problem: 'problem' },
  lastHeard: 'Last reading',
  heard: 'Read',
  loadOf: (known, vens) =>
    known === 0
      ? 'too few meters have answered to know the load'
      : known === vens
        ? 'load now, as the meters tell it'
        : `load now of ${known} of the VENs, as their meters tell it`,
  noCurve: 'No load is known yet. It shows as soon as meters are read.',
  noVens: 'This agent has no VENs.',
  noSuchVen: 'This agent has no such VEN.',
  facts: 'What the agent knows of it',
  nothingDelivered: 'Nothing is known of what was delivered: it is told from the first readings on, for three hours.',
  nothingOfVen: 'no reading',
  received: 'Acknowledged',
};

/** By who serves the console. */
export const WORDS: Readonly<Record<Session['server'], Words>> = { vtn: VTN, agent: AGENT };

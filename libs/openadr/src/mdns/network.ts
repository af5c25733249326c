import { createRequire } from 'node:module';
import { describeError, type Logger } from '@venfleet/core';
import type * as BonjourService from 'bonjour-service';
import { type AnnouncedVtn, encodeTxt, type FoundService, SERVICE } from './service.js';

// Loaded when it is first used: most agents are told the VTN's URL.
const load = createRequire(import.meta.url);

/** Where multicast DNS is spoken; all of it has defaults of its own: every interface, port 5353. */
export interface MdnsPlace {
  /** Address of the interface. */
  readonly interface?: string;
  readonly port?: number;
}

export interface Announcement {
  readonly name: string;
  /** Name of this machine: `vtn.local`. */
  readonly host: string;
  readonly port: number;
  readonly vtn: AnnouncedVtn;
}

/** Announces VTNs until the function that it gives is called, which takes the announcement back. */
export function announceVtns(announcements: readonly Announcement[], logger: Logger, place: MdnsPlace = {}): () => Promise<void> {
  const network = open(place, logger);
  for (const { name, host, port, vtn } of announcements) {
    // Two VTNs of one name would be one; who asks first whether it is taken delays the start for nothing else.
    network.publish({ ...SERVICE, name, host, port, txt: encodeTxt(vtn), probe: false });
  }
  return () => new Promise((done) => network.unpublishAll(() => network.destroy(done)));
}

/** Calls `onFound` for each service that announces itself, until the function that it gives is called. */
export function browseServices(onFound: (service: FoundService) => void, logger: Logger, place: MdnsPlace = {}): () => void {
  const network = open(place, logger);
  const browser = network.find({ ...SERVICE }, ({ name, host, port, addresses = [], txt = {} }) => {
    onFound({ name, host, port, addresses, txt });
  });
  return () => {
    browser.stop();
    network.destroy();
  };
}

function open(place: MdnsPlace, logger: Logger): BonjourService.Bonjour {
  const { Bonjour }: typeof BonjourService = load('bonjour-service');
  const onError = (error: unknown) => logger.warn({ reason: describeError(error) }, 'multicast DNS does not work here');
  // Options of multicast-dns, which its types do not know. Bound to one address, a socket hears no multicast.
  const options: object = place.interface === undefined ? place : { ...place, bind: '0.0.0.0' };
  return new Bonjour(options, onError);
}

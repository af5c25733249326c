import { type Duration, type HasSleep, type Logger, seconds } from '@venfleet/core';
import { VtnError } from '../client/errors.js';
import type { WireVersion } from '../wire/common.js';
import { browseServices } from './network.js';
import { decodeService, type FoundService, type FoundVtn } from './service.js';

/** Answers come within a second, where there are any (RFC 6762 section 6); asked again once. */
const PATIENCE = seconds(3);

export interface DiscoverOptions {
  readonly clock: HasSleep;
  readonly logger: Logger;
  readonly signal?: AbortSignal | undefined;
  /** How long to listen; three seconds unless given. */
  readonly patience?: Duration;
  /** The network; a test has its own. */
  readonly browse?: (onFound: (service: FoundService) => void, logger: Logger) => () => void;
}

/** The VTNs that announce themselves on the local network (3.1 Definition, local discovery). */
export async function discoverVtns({
  clock,
  logger,
  signal,
  patience = PATIENCE,
  browse = browseServices,
}: DiscoverOptions): Promise<FoundVtn[]> {
  const found = new Map<string, FoundVtn>();
  const stop = browse((service) => {
    const vtn = decodeService(service);
    if (vtn === undefined) logger.warn({ name: service.name }, 'a VTN announces itself without saying where it is');
    else found.set(`${vtn.name} ${vtn.urls[0]}`, vtn);
  }, logger);
  try {
    await clock.sleep(patience, signal);
  } finally {
    stop();
  }
  return [...found.values()];
}

/** What of a discovered VTN is wanted. */
export interface Wanted {
  /** Only the one of this name. */
  readonly name?: string | undefined;
  readonly version?: WireVersion | undefined;
  /** Also one without TLS: secrets go to whoever announces itself. */
  readonly insecure: boolean;
}

/**
 * The one VTN that is meant: of its versions the newest, unless one is wanted.
 * @throws VtnError VTN_NOT_FOUND where there is none, or more than one.
 */
export function chooseVtn(found: readonly FoundVtn[], { name, version, insecure }: Wanted): FoundVtn {
  const fitting = found
    .filter((vtn) => name === undefined || vtn.name === name)
    .filter((vtn) => version === undefined || vtn.version === undefined || vtn.version === version)
    .sort((a, b) => (b.version ?? '').localeCompare(a.version ?? ''));
  const taken = fitting.filter(({ urls: [url] }) => insecure || url?.startsWith('https:'));
  const [first] = taken;
  if (first === undefined) throw notFound(found, fitting.length > 0);
  const hosts = new Set(taken.map(({ urls: [url = ''] }) => new URL(url).host));
  if (hosts.size === 1) return first;
  throw new VtnError('VTN_NOT_FOUND', `${hosts.size} VTNs announce themselves here`, {
    details: taken.map(describe),
    hint: 'name one of them, mdns:NAME, or give its URL',
  });
}

function notFound(found: readonly FoundVtn[], insecureOnly: boolean): VtnError {
  const message =
    found.length === 0 ? 'no VTN announces itself on this network' : 'no VTN that fits announces itself on this network';
  const hint = insecureOnly
    ? 'one is there without TLS, to which mdns: tells no secret: if this network is yours alone, use mdns+http:'
    : 'is it on the same network, and does a firewall let UDP port 5353 through? Else give its URL';
  return new VtnError('VTN_NOT_FOUND', message, { details: found.map(describe), hint });
}

const describe = ({ name, version, urls }: FoundVtn) =>
  `${name}: OpenADR ${version ?? 'of a version that is not known'} at ${urls[0]}`;

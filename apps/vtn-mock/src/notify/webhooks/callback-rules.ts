import { BlockList, isIP } from 'node:net';

/** Which callbacks a VTN may be told to call. */
export interface CallbackRules {
  /** Without TLS, too. */
  readonly http: boolean;
  /** Addresses that are not of the public Internet, too. */
  readonly privateAddresses: boolean;
  /** This machine, with or without TLS: for development, while the VTN itself serves nobody else. */
  readonly loopback: boolean;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

/** Addresses that lead to no host of the public Internet (IANA special-purpose address registries, RFC 6890). */
const NOT_PUBLIC = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  NOT_PUBLIC.addSubnet(network, bits);
}
/** All of IPv6 that is not global unicast, and what of it wraps an IPv4 address or is for documents and tests. */
const GLOBAL_UNICAST = new BlockList();
GLOBAL_UNICAST.addSubnet('2000::', 3, 'ipv6');
const NOT_PUBLIC_6 = new BlockList();
for (const [network, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  NOT_PUBLIC_6.addSubnet(network, bits, 'ipv6');
}

/** @returns why a callback is refused before anybody looks where it leads; undefined when it is not. */
export function callbackMistake(text: string, rules: CallbackRules): string | undefined {
  if (!URL.canParse(text)) return 'must be an absolute URL';
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must be an https URL';
  if (url.protocol === 'http:' && !rules.http && !(rules.loopback && namesLoopback(url.hostname))) return 'must be an https URL';
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or password';
  if (url.hash !== '') return 'must not have a fragment';
  const literal = literalAddress(url.hostname);
  return literal === undefined || addressAllowed(literal, rules) ? undefined : 'must not lead to a private address';
}

/** Whether the VTN may connect to an address that a callback's name leads to. */
export function addressAllowed(address: string, rules: CallbackRules): boolean {
  if (rules.privateAddresses || isPublic(address)) return true;
  return rules.loopback && isLoopback(address);
}

function isPublic(address: string): boolean {
  const mapped = mappedIPv4(address);
  if (mapped !== undefined) return !NOT_PUBLIC.check(mapped);
  return GLOBAL_UNICAST.check(address, 'ipv6') && !NOT_PUBLIC_6.check(address, 'ipv6');
}

function isLoopback(address: string): boolean {
  const mapped = mappedIPv4(address);
  return mapped === undefined ? LOOPBACK.check(address, 'ipv6') : LOOPBACK.check(mapped);
}

/** The IPv4 address that is meant: plain, or as `::ffff:1.2.3.4` in any spelling. */
function mappedIPv4(address: string): string | undefined {
  if (isIP(address) === 4) return address;
  // URL spells addresses in one way only: the last 32 bits as two groups of hex digits.
  const [, high, low] = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(normalised(address)) ?? [];
  if (high === undefined || low === undefined) return undefined;
  const bits = Number.parseInt(high, 16) * 0x10000 + Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
}

const normalised = (address: string): string => new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname;

/** The address in a URL's host, if it is one; URL has resolved `0x7f.1` and the like already. */
export function literalAddress(hostname: string): string | undefined {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return isIP(bare) === 0 ? undefined : bare;
}

/** Whether a host, as in a URL or as given to listen on, is this machine and nothing else. */
export function namesLoopback(hostname: string): boolean {
  const literal = literalAddress(hostname);
  return literal === undefined ? /^localhost\.?$/i.test(hostname) : isLoopback(literal);
}

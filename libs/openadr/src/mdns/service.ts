import type { WireVersion } from '../wire/common.js';
import { WIRE_VERSIONS } from '../wire/common.js';

/** DNS-SD service type of VTNs (3.1 Definition, local discovery): `_openadr3._tcp`. */
export const SERVICE = { type: 'openadr3', protocol: 'tcp' } as const;

/** A VTN as it is announced; the names of the TXT record in camel case. */
export interface AnnouncedVtn {
  readonly version: WireVersion;
  /** Below the port's root: `/openadr3/3.1.0`. */
  readonly basePath: string;
  /** The whole base URL, by the .local name. */
  readonly localUrl: string;
  readonly programNames: readonly string[];
  readonly requiresAuth: boolean;
  readonly openapiUrl: string;
}

/** The TXT record's entries, `key=value` (RFC 6763 section 6). */
export type Txt = Readonly<Record<string, string>>;

/** @param vtn program names that do not fit into an entry of 255 bytes are left out */
export function encodeTxt({ version, basePath, localUrl, programNames, requiresAuth, openapiUrl }: AnnouncedVtn): Txt {
  let names = '';
  for (const name of programNames) {
    const longer = names === '' ? name : `${names},${name}`;
    if (Buffer.byteLength(`program_names=${longer}`) <= 255) names = longer;
  }
  return {
    version,
    base_path: basePath,
    local_url: localUrl,
    program_names: names,
    requires_auth: requiresAuth ? 'True' : 'False',
    openapi_url: openapiUrl,
  };
}

/** An instance of the service that was found. */
export interface FoundService {
  readonly name: string;
  /** Target of its SRV record: `vtn.local`. */
  readonly host: string;
  readonly port: number;
  /** Of its A and AAAA records. */
  readonly addresses: readonly string[];
  readonly txt: Readonly<Record<string, unknown>>;
}

/** A VTN that was found on the local network. What it says of itself is anybody's word. */
export interface FoundVtn {
  readonly name: string;
  /** undefined: it says none that is known here. */
  readonly version: WireVersion | undefined;
  /** Base URLs, by name first: VENs prefer it to the address (3.1 Definition, local discovery). */
  readonly urls: readonly string[];
}

/** @returns undefined for a service that says nothing usable of where its VTN is */
export function decodeService({ name, host, port, addresses, txt }: FoundService): FoundVtn | undefined {
  const local = typeof txt.local_url === 'string' && URL.canParse(txt.local_url) ? new URL(txt.local_url) : undefined;
  if (local !== undefined && !/^https?:$/.test(local.protocol)) return undefined;
  const scheme = local?.protocol ?? 'https:';
  const path = `/${typeof txt.base_path === 'string' ? txt.base_path : (local?.pathname ?? '')}`.replace(/^\/+/, '/');
  const at = (authority: string) => `${scheme}//${authority}:${port}${path}`.replace(/\/+$/, '');
  const named = local === undefined ? at(host) : `${local.origin}${local.pathname}`.replace(/\/+$/, '');
  const literal = addresses.map((address) => at(address.includes(':') ? `[${address}]` : address));
  const urls = [...new Set([named, ...literal])].filter((url) => URL.canParse(url));
  if (urls.length === 0) return undefined;
  return { name, version: WIRE_VERSIONS.find((version) => version === versionIn(txt.version)), urls };
}

/** `3.1` is said for 3.1.0, too. */
function versionIn(text: unknown): string {
  return String(text)
    .replace(/^v/i, '')
    .replace(/^3\.1$/, '3.1.0')
    .replace(/^3\.0$/, '3.0.1');
}

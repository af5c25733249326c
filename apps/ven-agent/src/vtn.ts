import { X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import {
  type Clock,
  type Duration,
  isVenfleetError,
  type Logger,
  milliseconds,
  type RetryPolicy,
  seconds,
  systemRandom,
  VenfleetError,
} from '@venfleet/core';
import { readTextFile } from '@venfleet/core/node';
import {
  anonymous,
  businessClientOf,
  type CredentialsFile,
  chooseVtn,
  clientCredentialsTokens,
  clientOf,
  createHttpTransport,
  createVtnClient,
  type DetectedVtn,
  type DetectOptions,
  type DiscoverOptions,
  detectVtn,
  discoverVtns,
  type HttpTransport,
  loadCredentials,
  type TokenSource,
  type VtnClient,
  VtnError,
  type WireVersion,
} from '@venfleet/openadr';
import { ClockOffset } from './health/clock-offset.js';

/** An OAuth2 client's id and secret, the secret already resolved. */
export interface ClientSecret {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Which VTN, and how to talk to it. */
export interface VtnSettings {
  /**
   * Base URL, e.g. http://localhost:8000/openadr3/3.0.1; or `mdns:` or `mdns:NAME` for one with TLS that announces itself
   * on the local network, `mdns+http:` for one without, too.
   */
  readonly url: string;
  /** The version that the VTN speaks; found out when absent. */
  readonly version?: WireVersion;
  /** Token endpoint; by default the one the VTN announces (3.1), or `auth/token` below its URL. */
  readonly tokenUrl?: string;
  /** Without authentication: no token is asked for or sent. */
  readonly noAuth?: boolean;
  /** Path of a credentials file with a client for each VEN and perhaps one for business logic. */
  readonly credentials?: string;
  /** The VEN's client, for an agent of one VEN; goes before the credentials file. */
  readonly client?: ClientSecret;
  /** The business-logic client, for provisioning; goes before the credentials file. */
  readonly business?: ClientSecret;
  /** Path of a PEM file with the certificate authorities to trust instead of the system's. */
  readonly caFile?: string;
  /** Only `false` turns certificate checks off: for tests on a private network. */
  readonly verifyTls?: boolean;
  /** Connections, and requests in flight, at most. */
  readonly connections?: number;
  readonly requestTimeout?: Duration;
  readonly retry?: RetryPolicy;
}

/** The VTN as the agent uses it: a client for each VEN and one for business logic, if there is one. */
export interface FleetConnection {
  readonly url: string;
  readonly version: WireVersion;
  /** One and the same for all that act for the VEN. @throws VenfleetError NO_CREDENTIALS */
  forVen(name: string): VenClient;
  readonly business: VtnClient | undefined;
  /** Requests in flight, at most. */
  readonly connections: number;
  /** Whom to trust, also at what belongs to the VTN. */
  readonly tls: { readonly ca?: string | undefined; readonly verifyTls: boolean };
  /** How far this machine's clock is ahead of the VTN's, to half a second; undefined where the VTN does not tell its time. */
  readonly clockOffset: Duration | undefined;
  close(): Promise<void>;
}

/** What acts for one VEN. */
export interface VenClient {
  readonly client: VtnClient;
  readonly clientId: string | undefined;
  /** What the client authenticates with, for who must at another place, such as the VTN's broker. */
  readonly tokens: TokenSource;
}

/** Patient enough to sit out a VTN's restart: about half a minute on average. */
const PATIENT: RetryPolicy = { attempts: 10, base: milliseconds(250), cap: seconds(8), longestAsked: seconds(300) };

/**
 * Finds out what the VTN speaks and prepares the clients; tokens are fetched when first needed. When `signal` aborts, all
 * that is under way ends with its reason.
 * @throws VenfleetError VTN_UNREACHABLE, NOT_OPENADR, FILE_UNREADABLE, CA_INVALID, CREDENTIALS_INVALID
 */
export async function connectFleet(
  settings: VtnSettings,
  ports: { readonly clock: Clock; readonly logger: Logger; readonly signal?: AbortSignal | undefined },
): Promise<FleetConnection> {
  const file = settings.noAuth || settings.credentials === undefined ? undefined : loadCredentials(settings.credentials);
  const { clock, logger } = ports;
  const { retry: retryPolicy = PATIENT } = settings;
  const { transport: direct, connections, tls } = openTransport(settings, ports);
  const offset = new ClockOffset(clock);
  const transport = offset.watch(direct);
  try {
    const url = await locateVtn(settings, ports);
    const found = await findVtn({ ...settings, url }, transport, { clock, logger, random: systemRandom, policy: retryPolicy });
    const vtn = { ...found, tokenUrl: settings.tokenUrl ?? found.tokenUrl };
    const clientFor = (credentials: ClientSecret | undefined, role: 'VEN' | 'BL'): VenClient => {
      const tokens =
        credentials === undefined
          ? anonymous
          : clientCredentialsTokens({ transport, tokenUrl: vtn.tokenUrl, ...pick(credentials), clock });
      const client = createVtnClient({ transport, vtn, role, tokens, clock, random: systemRandom, logger, retryPolicy });
      return { client, clientId: credentials?.clientId, tokens };
    };
    const vens = new Map<string, VenClient>();
    const business = settings.noAuth ? undefined : (settings.business ?? (file && businessClientOf(file)));
    return {
      url: vtn.baseUrl,
      version: vtn.version,
      forVen(name) {
        const known = vens.get(name);
        if (known !== undefined) return known;
        const own = settings.noAuth ? undefined : (settings.client ?? credentialsOf(file, name, settings.credentials));
        const made = clientFor(own, 'VEN');
        vens.set(name, made);
        return made;
      },
      business: business === undefined ? undefined : clientFor(business, 'BL').client,
      connections,
      tls,
      get clockOffset() {
        return offset.value;
      },
      close: () => transport.close(),
    };
  } catch (error) {
    await transport.close();
    throw error;
  }
}

/**
 * The way to a VTN, for whoever has something to ask that no client asks. Nothing is connected yet.
 * @throws VenfleetError FILE_UNREADABLE, CA_INVALID
 */
export function openTransport(
  settings: VtnSettings,
  { clock, logger, signal }: { readonly clock: Clock; readonly logger: Logger; readonly signal?: AbortSignal | undefined },
): Pick<FleetConnection, 'connections' | 'tls'> & { readonly transport: HttpTransport } {
  const { connections = 64, requestTimeout } = settings;
  const tls = {
    ca: settings.caFile === undefined ? undefined : readAuthorities(settings.caFile),
    verifyTls: settings.verifyTls ?? true,
  };
  const transport = createHttpTransport({
    connections,
    ...(requestTimeout === undefined ? {} : { requestTimeout }),
    tls: { ca: tls.ca, rejectUnauthorized: tls.verifyTls },
    signal,
    clock,
    logger,
  });
  return { transport, connections, tls };
}

/** OpenSSL takes a file without any certificate for one that trusts nobody, and does not say so. */
function readAuthorities(path: string): string {
  const text = readTextFile(path, 'the CA file');
  try {
    new X509Certificate(text);
  } catch (cause) {
    throw new VenfleetError('CA_INVALID', `the CA file ${path} holds no certificate`, {
      cause,
      context: { path },
      hint: 'it must be PEM: -----BEGIN CERTIFICATE-----',
    });
  }
  return text;
}

/** What `mdns:NAME` and the like mean; undefined for what is a URL. */
export function parseMdns(url: string): { readonly insecure: boolean; readonly name?: string } | undefined {
  const [, plain, name] = /^mdns(\+http)?:(.*)$/.exec(url) ?? [];
  if (name === undefined) return undefined;
  return { insecure: plain !== undefined, ...(name === '' ? {} : { name }) };
}

/**
 * The base URL of the VTN, found on the local network where that is asked for: by the first of its names and addresses
 * that leads somewhere, as few systems look up .local names by themselves.
 * @throws VtnError VTN_NOT_FOUND
 */
export async function locateVtn({ url, version }: VtnSettings, ports: DiscoverOptions): Promise<string> {
  const mdns = parseMdns(url);
  if (mdns === undefined) return url;
  const { name, urls } = chooseVtn(await discoverVtns(ports), { ...mdns, version });
  for (const candidate of urls) {
    const host = new URL(candidate).hostname.replace(/^\[|\]$/g, '');
    const leads = await lookup(host).then(
      () => true,
      () => false,
    );
    if (!leads) continue;
    ports.logger.info({ name, url: candidate }, 'VTN found by multicast DNS');
    return candidate;
  }
  throw new VtnError('VTN_NOT_FOUND', `the VTN ${name} announces itself, but its name leads nowhere: ${urls.join(', ')}`, {
    hint: 'let this system look up .local names, or give the VTN’s URL by its address',
  });
}

/** Finds out what the VTN speaks; when none answers on this machine, says how to start the mock. */
async function findVtn(
  { url, version }: VtnSettings,
  transport: HttpTransport,
  retries: DetectOptions['retries'],
): Promise<DetectedVtn> {
  try {
    return await detectVtn(url, { transport, version, retries });
  } catch (error) {
    if (!isVenfleetError(error, 'VTN_UNREACHABLE')) throw error;
    if (!['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname)) throw error;
    throw new VenfleetError('VTN_UNREACHABLE', error.message, {
      cause: error.cause,
      context: error.context,
      hint: 'start the mock VTN with `npx nx serve vtn-mock`, or name another VTN with --vtn-url',
    });
  }
}

function pick({ clientId, clientSecret }: ClientSecret): ClientSecret {
  return { clientId, clientSecret };
}

function credentialsOf(file: CredentialsFile | undefined, name: string, path: string | undefined): ClientSecret {
  const client = file === undefined ? undefined : clientOf(file, name);
  if (client !== undefined) return client;
  throw new VenfleetError(
    'NO_CREDENTIALS',
    `there are no credentials for the VEN ${name}${path === undefined ? '' : ` in ${path}`}`,
    {
      hint: 'add a client with this venName to the credentials file, or set VENFLEET_CLIENT_ID and VENFLEET_CLIENT_SECRET',
    },
  );
}

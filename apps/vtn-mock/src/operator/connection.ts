import { silentLogger, systemClock, systemRandom, VenfleetError } from '@venfleet/core';
import { type Command, Option, shutdownSignal, usageError } from '@venfleet/core/node';
import {
  anonymous,
  businessClientOf,
  clientCredentialsTokens,
  createHttpTransport,
  createVtnClient,
  type DetectedVtn,
  detectVtn,
  type HttpRequest,
  type HttpResponse,
  type HttpTransport,
  loadCredentials,
  type TokenSource,
  type VtnClient,
  type WireVersion,
} from '@venfleet/openadr';

export const DEFAULT_CREDENTIALS = 'config/dev-credentials.json';

/** Which VTN an operator's command talks to: the mock, or any other. */
export interface ConnectionOptions {
  readonly url?: string;
  readonly vtnVersion: WireVersion | 'auto';
  readonly credentials: string;
  readonly auth: boolean;
}

export function addConnectionOptions(command: Command): Command {
  return command
    .option('--url <URL>', 'base URL of the VTN (default: http://localhost:8000/openadr3/ and the version)')
    .addOption(
      new Option('--vtn-version <VERSION>', 'OpenADR version that it speaks there')
        .choices(['auto', '3.0.1', '3.1.0'])
        .default('auto'),
    )
    .option('--credentials <FILE>', 'credentials file with a business-logic client', DEFAULT_CREDENTIALS)
    .option('--no-auth', 'use no token');
}

/** What an operator's command has besides the API: the mock's own pages. */
export interface OperatorLink {
  readonly signal: AbortSignal;
  /** The JSON at a path of the VTN's origin; undefined where there is none. @throws VtnError */
  get(path: string): Promise<unknown>;
}

/** The mock's pages for operators, which no fault touches, their token endpoint neither. */
export interface OperatorPages {
  /** @returns the JSON of a successful answer. @throws VtnError, VenfleetError OPERATOR_REFUSED */
  send(method: HttpRequest['method'], path: string, body?: object): Promise<unknown>;
}

/**
 * Does `work` as business logic at the VTN, until it is done or the user interrupts.
 * @throws VenfleetError NO_CREDENTIALS, CREDENTIALS_INVALID, or a VtnError
 */
export async function atVtn<T>(options: ConnectionOptions, work: (vtn: VtnClient, link: OperatorLink) => Promise<T>): Promise<T> {
  const signal = shutdownSignal();
  const transport = createHttpTransport({ clock: systemClock, logger: silentLogger, signal, connections: 8 });
  try {
    const version = options.vtnVersion === 'auto' ? undefined : options.vtnVersion;
    const url = options.url ?? `http://localhost:8000/openadr3/${version ?? '3.1.0'}`;
    const vtn = await detectVtn(url, { transport, version });
    const tokens = options.auth ? tokensOf(options.credentials, vtn, transport) : anonymous;
    const ports = { clock: systemClock, random: systemRandom, logger: silentLogger };
    return await work(createVtnClient({ transport, vtn, tokens, role: 'BL', ...ports }), linkTo(vtn, transport, tokens, signal));
  } finally {
    await transport.close();
  }
}

/**
 * Does `work` as business logic at the mock's own pages.
 * @throws VenfleetError NO_CREDENTIALS, CREDENTIALS_INVALID, or a VtnError
 */
export async function atOperatorPages<T>(
  { url = 'http://localhost:8000', auth, credentials }: Omit<ConnectionOptions, 'vtnVersion'>,
  work: (pages: OperatorPages) => Promise<T>,
): Promise<T> {
  if (!URL.canParse(url)) throw usageError(`${url} is no URL`, 'it is that of the mock, such as http://localhost:8000');
  const { origin } = new URL(url);
  const signal = shutdownSignal();
  const transport = createHttpTransport({ clock: systemClock, logger: silentLogger, signal, connections: 1 });
  const tokens = auth ? tokensOf(credentials, { tokenUrl: `${origin}/operator/auth/token` }, transport) : anonymous;
  try {
    return await work({
      async send(method, path, body) {
        const token = await tokens.token();
        const headers: Record<string, string> = {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        };
        const text = body === undefined ? {} : { body: JSON.stringify(body) };
        const answer = await transport.request({ method, url: origin + path, headers, ...text });
        if (answer.status < 300) return JSON.parse(answer.body);
        throw refusedBy(answer);
      },
    });
  } finally {
    await transport.close();
  }
}

function refusedBy({ status, body }: HttpResponse): VenfleetError {
  const { detail } = JSON.parse(body || '{}') as { detail?: string };
  return new VenfleetError('OPERATOR_REFUSED', detail ?? `the VTN answered with status ${status}`, { context: { status } });
}

function linkTo({ baseUrl }: DetectedVtn, transport: HttpTransport, tokens: TokenSource, signal: AbortSignal): OperatorLink {
  return {
    signal,
    async get(path) {
      const token = await tokens.token();
      const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const { status, body } = await transport.request({ method: 'GET', url: new URL(path, baseUrl).href, headers });
      return status === 200 ? JSON.parse(body) : undefined;
    },
  };
}

function tokensOf(path: string, { tokenUrl }: Pick<DetectedVtn, 'tokenUrl'>, transport: HttpTransport): TokenSource {
  const client = businessClientOf(loadCredentials(path));
  if (client === undefined) {
    throw new VenfleetError('NO_CREDENTIALS', `${path} has no client of the role BL`, {
      context: { path },
      hint: 'add one, or use --no-auth for a VTN that asks for no tokens',
    });
  }
  const { clientId, clientSecret } = client;
  return clientCredentialsTokens({ transport, tokenUrl, clientId, clientSecret, clock: systemClock });
}

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { VenfleetError } from '@venfleet/core';
import { readTextFile, writeFileAtomically } from '@venfleet/core/node';
import { z } from 'zod';

const HINT = 'mend it, or move it away and let `npx nx run resource-db:prepare` write a new one';

/** Longest client id: OpenADR 3.1, schema `clientID`. */
const MAX_ID = 128;

const clientSchema = z.strictObject({
  clientId: z.string().min(1).max(MAX_ID),
  clientSecret: z.string().min(1),
  role: z.enum(['BL', 'VEN']),
  venName: z.string().min(1).max(MAX_ID).optional(),
  scopes: z.array(z.string().min(1)).optional(),
});

const fileSchema = z
  .strictObject({ version: z.literal(1), clients: z.array(clientSchema) })
  .superRefine(({ clients }, context) => {
    for (const key of ['clientId', 'venName'] as const) {
      const first = new Map<string, number>();
      clients.forEach((client, index) => {
        const value = client[key];
        if (value === undefined) return;
        const earlier = first.get(value);
        if (earlier === undefined) first.set(value, index);
        else
          context.addIssue({
            code: 'custom',
            path: ['clients', index, key],
            message: `${value} is also that of clients.${earlier}`,
          });
      });
    }
  });

/** An OAuth2 client that a VTN knows: business logic (BL), or the VEN named `venName`. */
export type Client = Readonly<z.infer<typeof clientSchema>>;

/** The content of a credentials file. */
export interface CredentialsFile {
  readonly version: 1;
  readonly clients: readonly Client[];
}

/**
 * Reads a credentials file (JSON).
 * @throws VenfleetError FILE_UNREADABLE; CREDENTIALS_INVALID with every mistake at once. No message holds a secret.
 */
export function loadCredentials(path: string): CredentialsFile {
  const parsed = fileSchema.safeParse(parseJson(path, readTextFile(path, 'the credentials file', HINT_MISSING)));
  if (parsed.success) return parsed.data;
  throw invalidCredentials(
    path,
    parsed.error.issues.map((issue) => `${issue.path.join('.') || '(top level)'}: ${issue.message}`),
  );
}

const HINT_MISSING = 'run `npx nx run resource-db:prepare`, which writes development credentials';

/** The client that acts for the VEN `venName`, if there is one. */
export function clientOf(file: CredentialsFile, venName: string): Client | undefined {
  return file.clients.find((client) => client.role === 'VEN' && client.venName === venName);
}

/** The first business-logic client, if there is one. */
export function businessClientOf(file: CredentialsFile): Client | undefined {
  return file.clients.find((client) => client.role === 'BL');
}

/**
 * Makes or extends a file of random credentials for a development VTN: one business-logic client and
 * one client for each VEN. What the file has already is kept; when nothing is missing, it is not written.
 * @throws VenfleetError as {@link loadCredentials}, or FILE_UNWRITABLE.
 */
export function ensureDevelopmentCredentials(path: string, venNames: readonly string[]): { added: number; total: number } {
  const known = existsSync(path) ? loadCredentials(path).clients : [];
  const ids = new Set(known.map((client) => client.clientId));
  const freshId = (wanted: string): string => {
    let id = wanted;
    for (let n = 2; ids.has(id); n++) id = `${wanted}-${n}`;
    ids.add(id);
    return id;
  };
  const secret = () => randomBytes(32).toString('base64url');
  const added: Client[] = [];
  if (!known.some((client) => client.role === 'BL')) {
    added.push({ clientId: freshId('bl-client'), clientSecret: secret(), role: 'BL' });
  }
  const named = new Set(known.map((client) => client.venName));
  for (const venName of new Set(venNames)) {
    if (named.has(venName)) continue;
    added.push({ clientId: freshId(`ven-${slug(venName)}`), clientSecret: secret(), role: 'VEN', venName });
  }
  const clients = [...known, ...added];
  if (added.length > 0) writeFileAtomically(path, `${JSON.stringify({ version: 1, clients }, null, 2)}\n`, 0o600);
  return { added: added.length, total: clients.length };
}

const DIGRAPHS: Readonly<Record<string, string>> = { æ: 'ae', ø: 'oe', å: 'aa', ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss' };
const LETTERS = new RegExp(`[${Object.keys(DIGRAPHS).join('')}]`, 'g');

/** ASCII letters, digits and hyphens only (OpenADR's id pattern, which openleadr asks of client ids), with room for prefix and suffix. */
function slug(name: string): string {
  const ascii = name
    .normalize('NFC')
    .toLowerCase()
    .replace(LETTERS, (letter) => DIGRAPHS[letter] ?? '')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_ID - 16)
    .replace(/^-+|-+$/g, '');
  return ascii || 'unnamed';
}

/** JSON.parse quotes the text around a mistake, which may be a secret: only the place of it is told. */
function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const position = /at position (\d+)/.exec(String(cause))?.[1];
    const line = position === undefined ? '' : `:${text.slice(0, Number(position)).split('\n').length}`;
    throw invalidCredentials(path, [`${path}${line}: not valid JSON`]);
  }
}

function invalidCredentials(path: string, details: string[]): VenfleetError {
  const count = details.length === 1 ? 'a mistake' : `${details.length} mistakes`;
  return new VenfleetError('CREDENTIALS_INVALID', `the credentials file ${path} has ${count}`, {
    context: { path },
    details,
    hint: HINT,
  });
}

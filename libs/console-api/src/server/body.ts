import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { ConsoleProblem } from './problem.js';

const MOST_BYTES = 64 * 1024;

/** @throws ConsoleProblem 400, 413, 415; what is wrong in which field where the schema does not fit */
export async function readBody<S extends z.ZodType>(request: IncomingMessage, schema: S): Promise<z.infer<S>> {
  const type = request.headers['content-type'] ?? '(none)';
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new ConsoleProblem(415, `content-type: ${type} is not taken here; it must be application/json`);
  }
  const text = await readText(request);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ConsoleProblem(400, 'the body is not valid JSON');
  }
  return checked(schema, value, 'the body');
}

/** @throws ConsoleProblem 400 */
export function readQuery<S extends z.ZodType>(query: URLSearchParams, schema: S): z.infer<S> {
  for (const key of new Set(query.keys())) {
    if (query.getAll(key).length > 1) throw new ConsoleProblem(400, `in the query: ${key} is given more than once`);
  }
  return checked(schema, Object.fromEntries(query), 'the query');
}

function checked<S extends z.ZodType>(schema: S, value: unknown, where: string): z.infer<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.flatMap(linesOf);
  const fields = Object.fromEntries(lines.map(([path, message]) => [path.split('.')[0] || '(all)', message]));
  throw new ConsoleProblem(400, `in ${where}: ${lines.map(([path, message]) => `${path || '(all)'}: ${message}`).join('; ')}`, {
    fields,
  });
}

function linesOf(issue: z.core.$ZodIssue): [string, string][] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => [key, 'unknown']);
  return [[issue.path.join('.'), issue.message]];
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) {
      throw new ConsoleProblem(413, `the body has more than ${MOST_BYTES} bytes`, { headers: { connection: 'close' } });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

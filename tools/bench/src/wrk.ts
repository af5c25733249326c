import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '@venfleet/core';
import { notMeasured } from './row.js';
import { ROOT, type Workplace } from './workplace.js';

const SCRIPT = join(ROOT, 'tools/bench/src/peers/post.lua');
const CONNECTIONS = 64;
/** When a VTN has stopped answering, the row shall fail at some time. */
const LONGEST_SECONDS = 300;

/** A POST of a resource: where to, and the body with its `resourceName`, a UUID. */
export interface ResourcePost {
  readonly path: string;
  readonly body: { readonly resourceName: string } & Record<string, unknown>;
}

export interface WrkRun {
  /** Any URL of the server. */
  readonly url: string;
  readonly token: string;
  /** File made by {@link writeRequests}. */
  readonly requests: string;
  /** Ends with this many answers … */
  readonly count?: number;
  /** … or after this time. */
  readonly seconds?: number;
  /** 1…65535, another one for each run against the same server; 0: send the names as they are. */
  readonly salt: number;
}

/** @throws VenfleetError NOT_MEASURED when wrk is not installed */
export async function requireWrk(place: Workplace): Promise<void> {
  try {
    await place.run('wrk', ['--version']);
  } catch (error) {
    // It prints its version with status 1.
    if (systemCode(error) === 'ENOENT') throw notMeasured('needs wrk (Debian package wrk)', error);
  }
}

/** Writes requests for {@link wrk}. @returns the file's path */
export function writeRequests(place: Workplace, posts: readonly ResourcePost[]): string {
  const file = place.path('requests.tsv');
  writeFileSync(file, posts.map((post) => `${requestLine(post)}\n`).join(''));
  return file;
}

/** The path and the body in three parts, of which the middle one is the name; JSON has no tabs or line breaks. */
export function requestLine({ path, body: { resourceName, ...rest } }: ResourcePost): string {
  const text = JSON.stringify({ resourceName, ...rest });
  const begin = '{"resourceName":"'.length;
  const end = begin + resourceName.length;
  return [path, text.slice(0, begin), text.slice(begin, end), text.slice(end)].join('\t');
}

/**
 * Lets wrk POST over 64 connections from one thread.
 * @returns the rate of answers 201 per second
 * @throws Error when anything else was answered
 */
export async function wrk(
  place: Workplace,
  { url, token, requests, count = 1e9, seconds = LONGEST_SECONDS, salt }: WrkRun,
): Promise<number> {
  const options = ['-t1', `-c${CONNECTIONS}`, `-d${LONGEST_SECONDS + 1}s`, '--timeout', '30s', '-s', SCRIPT, url];
  const output = await place.run('wrk', [...options, '--', requests, token, String(count), String(seconds), String(salt)]);
  const line = output.split('\n').find((text) => text.startsWith('{')) ?? '';
  const answers = JSON.parse(line) as { created: number; other: number; status: number; seconds: number };
  if (answers.other > 0) throw new Error(`${answers.other} answers to wrk were not 201 (the first was ${answers.status})`);
  return answers.created / answers.seconds;
}

import { Nonconformity } from './findings.js';
import type { Redactor } from './redact.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** A request and its answer. */
export interface Exchange {
  /** Who asked. */
  readonly as: string;
  readonly method: string;
  /** Path and query below the base URL, or an absolute URL. */
  readonly target: string;
  readonly body: string | undefined;
  readonly status: number;
  readonly text: string;
}

/** As much of a body as is shown. */
const EXCERPT = 600;

const excerpt = (text: string): string =>
  text.length <= EXCERPT ? text : `${text.slice(0, EXCERPT)}… (${text.length} characters)`;

/** What the VTN answered, with the means to judge it. */
export class Answer {
  readonly #exchange: Exchange;
  readonly #redactor: Redactor;
  readonly status: number;
  /** The body as JSON; undefined where it is none. */
  readonly json: unknown;

  constructor(exchange: Exchange, redactor: Redactor) {
    this.#exchange = exchange;
    this.#redactor = redactor;
    this.status = exchange.status;
    this.json = parse(exchange.text);
  }

  /** The exchange for people, without secrets. */
  get seen(): string {
    const { as, method, target, body, status, text } = this.#exchange;
    const sent = body === undefined ? '' : ` ${excerpt(this.#redactor.apply(body))}`;
    const answered = text === '' ? 'no body' : excerpt(this.#redactor.apply(text));
    return `${method} ${this.#redactor.apply(target)}${sent} (as ${as})\n→ ${status} ${answered}`;
  }

  /** @throws Nonconformity unless the status is (one of) `status` */
  expect(status: number | readonly number[], what: string): this {
    const allowed = [status].flat();
    return this.verify(allowed.includes(this.status), `status ${allowed.join(' or ')}: ${what}`);
  }

  /** @throws Nonconformity unless it is a refusal: 400…499 */
  expectRefusal(what: string): this {
    return this.verify(this.status >= 400 && this.status < 500, `status 4xx: ${what}`);
  }

  /** @throws Nonconformity unless `holds` */
  verify(holds: boolean, expected: string): this {
    if (!holds) throw new Nonconformity({ expected, seen: this.seen });
    return this;
  }

  /** The body as an object. @throws Nonconformity */
  object(): JsonObject {
    const is = typeof this.json === 'object' && this.json !== null && !Array.isArray(this.json);
    this.verify(is, 'a JSON object as the body');
    return this.json as JsonObject;
  }

  /** The body as a list of objects. @throws Nonconformity */
  list(): JsonObject[] {
    this.verify(
      Array.isArray(this.json) && this.json.every((item) => typeof item === 'object' && item !== null),
      'a JSON array of objects as the body',
    );
    return this.json as JsonObject[];
  }

  /** A member of the body that is a text that is not empty. @throws Nonconformity */
  text(member: string): string {
    const value = this.object()[member];
    this.verify(typeof value === 'string' && value !== '', `${member}: a text`);
    return value as string;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Null, absent and an empty list mean the same in OpenADR's optional members. */
export const isAbsent = (value: unknown): boolean => value == null || (Array.isArray(value) && value.length === 0);

/** Equal as JSON: the order of members means nothing, and a member without a value is as good as none. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b || (a == null && b == null)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b))
    return false;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => sameJson((a as JsonObject)[key], (b as JsonObject)[key]));
}

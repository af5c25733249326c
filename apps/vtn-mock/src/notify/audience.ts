import type { Role, WireVersion } from '@venfleet/openadr';
import type { JsonText } from '../http/json.js';
import type { ChangeOperation } from '../store/change.js';
import type { Vens } from '../store/vens.js';
import type { Change, ChangedObject } from './changes.js';

/** Whom a notification is for. */
export interface Recipient {
  readonly version: WireVersion;
  readonly role: Role;
  readonly clientId: string;
}

/** What one recipient may see of an object. */
export interface View {
  /** The targets that it may see; absent: all. */
  readonly shown?: ReadonlySet<string>;
}

/** 3.0.1 keeps the verbs of HTTP in notifications, where its subscriptions have operations (YAML, schema notification). */
const VERBS: Readonly<Record<ChangeOperation, string>> = { CREATE: 'POST', UPDATE: 'PUT', DELETE: 'DELETE' };

/**
 * Who may be told of an object, by the rules of 3.1 for lists (Definition, object privacy): VENs of what is their own,
 * and of programs and events that have no targets or one that they hold. 3.0.1 has no privacy.
 */
export class Audience {
  readonly object: ChangedObject;
  readonly #vens: Vens;
  #targets: string[] | undefined;
  #holders: Map<string, Set<string>> | undefined;

  constructor(vens: Vens, object: ChangedObject) {
    this.#vens = vens;
    this.object = object;
  }

  /** The object's targets in the words of 3.1. */
  get targets(): readonly string[] {
    const text = this.object.targets?.targets ?? null;
    this.#targets ??= text === null ? [] : (JSON.parse(text) as string[]);
    return this.#targets;
  }

  /** @returns undefined when the recipient may not see the object. */
  viewOf({ version, role, clientId }: Recipient): View | undefined {
    const { object } = this;
    if (object.version !== undefined && object.version !== version) return undefined;
    if (version === '3.0.1' || role === 'BL') return {};
    if (object.clientId !== undefined) return object.clientId === clientId ? {} : undefined;
    if (this.targets.length === 0) return {};
    // Once for all recipients: there may be thousands.
    this.#holders ??= this.#vens.holdersOf(this.targets);
    const shown = this.#holders.get(clientId);
    return shown === undefined ? undefined : { shown };
  }
}

/** What a recipient is told of a change. */
export interface Told {
  readonly operation: ChangeOperation;
  readonly audience: Audience;
  readonly view: View;
}

/** Both sides of a change: what it left, and what was there before. */
export class ChangeAudience {
  readonly #operation: ChangeOperation;
  readonly #now: Audience;
  readonly #before: Audience | undefined;

  constructor(vens: Vens, { operation, object, before }: Change) {
    this.#operation = operation;
    this.#now = new Audience(vens, object);
    this.#before = before === undefined ? undefined : new Audience(vens, before);
  }

  /**
   * For whom an update takes the object out of sight, it is deleted. Grants are those of now: what a VEN lost by losing
   * a target is not told as a change of the object.
   */
  toldTo(recipient: Recipient): Told | undefined {
    const view = this.#now.viewOf(recipient);
    if (view !== undefined) return { operation: this.#operation, audience: this.#now, view };
    const old = this.#before?.viewOf(recipient);
    return old === undefined ? undefined : { operation: 'DELETE', audience: this.#before as Audience, view: old };
  }
}

/** The notification as it is sent (YAML, schema notification); its optional `targets` would repeat the object's. */
export function notificationText({ operation, audience: { object }, view }: Told, version: WireVersion): JsonText {
  const said = version === '3.0.1' ? VERBS[operation] : operation;
  return `{"objectType":"${object.objectType}","operation":"${said}","object":${object.text(version, view.shown)}}`;
}

/** Recipients with the same key get the same text. */
export function viewKey({ operation, view: { shown } }: Told, version: WireVersion): string {
  return `${version} ${operation} ${shown === undefined ? '' : JSON.stringify([...shown].sort())}`;
}

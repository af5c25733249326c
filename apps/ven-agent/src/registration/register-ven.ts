import { describeError, isVenfleetError, type Logger, VenfleetError } from '@venfleet/core';
import { isAmbiguous, isConflict, isNotFound, type Ven, type VenResource, type VtnClient } from '@venfleet/openadr';
import type { Access } from './access.js';
import type { Desired } from './attributes.js';
import { concurrently } from './concurrently.js';
import { diffResources, mergedAttributes } from './diff.js';
import type { Outage } from './outage.js';
import type { Failure } from './registry.js';

/** How often a creation is begun anew whose outcome stayed unknown. */
const CREATE_ATTEMPTS = 5;

export type Action = 'created' | 'updated' | 'unchanged' | 'failed';

export interface VenRegistration {
  readonly name: string;
  /** What the VEN and its resources should be. Asked for once, when the first request is under way. */
  readonly desired: () => { readonly ven: Desired; readonly resources: readonly Desired[] };
  readonly access: Access;
  /** The OAuth2 client of this VEN; 3.1 binds a VEN that business logic creates to it. */
  readonly clientId: string | undefined;
  readonly outage: Outage;
  /** Resources worked on at the same time. */
  readonly atOnce: number;
  /** Only find out what would be done. */
  readonly dryRun: boolean;
  /** Delete resources of the VEN that are not desired. */
  readonly prune: boolean;
  readonly signal: AbortSignal | undefined;
  readonly logger: Logger;
  /** Called after each resource. */
  readonly onResource: () => void;
}

export interface VenResult {
  readonly name: string;
  readonly action: Action;
  /** The VTN's id, unknown when the VEN failed or would only be created. */
  readonly venId?: string;
  /** Names of resources by what was (or in a dry run would be) done with them. */
  readonly created: readonly string[];
  readonly updated: readonly string[];
  readonly deleted: readonly string[];
  /** On the VTN, but not desired, and left there. */
  readonly surplus: readonly string[];
  readonly unchanged: number;
  readonly failures: readonly Failure[];
  /** Ids on the VTN by resource name, as far as they are known now. */
  readonly ids: ReadonlyMap<string, string>;
}

/** Brings one VEN and its resources on the VTN to the desired state. Never throws for a VTN's fault: see `failures`. */
export async function registerVen(registration: VenRegistration): Promise<VenResult> {
  const work = new VenWork(registration);
  try {
    return await work.run();
  } catch (error) {
    if (!isVenfleetError(error)) throw error;
    return work.failedAsAWhole(error);
  }
}

/** One VEN's reconcile and what it has done so far. */
class VenWork {
  readonly #r: VenRegistration;
  #desired: ReturnType<VenRegistration['desired']> | undefined;
  readonly #created: string[] = [];
  readonly #updated: string[] = [];
  readonly #deleted: string[] = [];
  readonly #failures: Failure[] = [];
  readonly #ids = new Map<string, string>();

  constructor(registration: VenRegistration) {
    this.#r = registration;
  }

  get #name(): string {
    return this.#r.name;
  }

  get #want(): ReturnType<VenRegistration['desired']> {
    this.#desired ??= this.#r.desired();
    return this.#desired;
  }

  /** To be begun after a request: the database is read while the VTN answers. */
  async #readWant(): Promise<ReturnType<VenRegistration['desired']>> {
    return this.#want;
  }

  async run(): Promise<VenResult> {
    const { ven, action } = await this.#ensureVen();
    // A VEN that was made just now has no resources yet: with many small VENs, asking is a noticeable part of the work.
    const existing =
      ven === undefined || action === 'created' ? [] : await this.#do('read', (client) => client.listResources(ven.id));
    const diff = diffResources(this.#want.resources, existing);
    for (const resource of diff.unchanged) {
      this.#ids.set(resource.name, resource.id);
      this.#r.onResource();
    }
    const { atOnce, prune } = this.#r;
    const surplus = prune ? [] : diff.surplus;
    for (const resource of surplus) this.#ids.set(resource.name, resource.id);
    await concurrently(diff.create, atOnce, (want) => this.#step(want.name, this.#created, () => this.#create(ven, want)));
    await concurrently(diff.update, atOnce, ({ current, attributes }) =>
      this.#step(current.name, this.#updated, () =>
        this.#do('write resources', (client) => client.updateResource(current, { attributes })),
      ),
    );
    await concurrently(prune ? diff.surplus : [], atOnce, (resource) =>
      this.#step(resource.name, this.#deleted, () => this.#delete(resource)),
    );
    return this.#result(
      action,
      ven?.id,
      diff.unchanged.length,
      surplus.map(({ name }) => name),
    );
  }

  failedAsAWhole(error: VenfleetError): VenResult {
    const failure = { ven: this.#name, code: error.code, message: error.message };
    // Each resource that was not dealt with failed with its VEN.
    const settled = new Set([...this.#ids.keys(), ...this.#failures.map(({ resource }) => resource)]);
    for (const { name } of this.#want.resources) {
      if (settled.has(name)) continue;
      this.#failures.push({ ...failure, resource: name });
      this.#r.onResource();
    }
    this.#failures.unshift(failure);
    return this.#result('failed', undefined, 0, []);
  }

  #result(action: Action, venId: string | undefined, unchanged: number, surplus: string[]): VenResult {
    return {
      name: this.#name,
      action,
      ...(venId === undefined ? {} : { venId }),
      created: this.#created,
      updated: this.#updated,
      deleted: this.#deleted,
      surplus,
      unchanged,
      failures: this.#failures,
      ids: this.#ids,
    };
  }

  /** Works on one resource and notes the outcome; only a bug or an abort goes through. */
  async #step(name: string, done: string[], work: () => Promise<VenResource | undefined>): Promise<void> {
    try {
      const resource = this.#r.dryRun ? undefined : await work();
      if (resource !== undefined) this.#ids.set(name, resource.id);
      done.push(name);
    } catch (error) {
      if (!isVenfleetError(error)) throw error;
      this.#failures.push({ ven: this.#name, resource: name, code: error.code, message: error.message });
    }
    this.#r.onResource();
  }

  #do<T>(right: Parameters<Access['perform']>[0], work: (client: VtnClient) => Promise<T>): Promise<T> {
    this.#r.signal?.throwIfAborted();
    return this.#r.outage.guard(() => this.#r.access.perform(right, work));
  }

  /** Finds, creates or adopts the VEN and brings its name and attributes up to date. */
  async #ensureVen(): Promise<{ ven: Ven | undefined; action: Action }> {
    const [existing, want] = await Promise.all([this.#findVen(), this.#readWant()]);
    if (existing !== undefined) return this.#updateVen(existing);
    if (this.#r.dryRun) return { ven: undefined, action: 'created' };
    const spec = { name: want.ven.name, attributes: want.ven.attributes(), clientId: this.#r.clientId };
    const made = await this.#createOrFind(
      () => this.#do('write VEN', (client) => client.createVen(spec)),
      async () => (await this.#findVen()) ?? (await this.#findHiddenVen()),
    );
    return made.found ? this.#updateVen(made.object) : { ven: made.object, action: 'created' };
  }

  async #updateVen(ven: Ven): Promise<{ ven: Ven; action: Action }> {
    const { name } = this.#r;
    const attributes = mergedAttributes(this.#want.ven.attributes(), ven.attributes);
    if (attributes === undefined && ven.name === name) return { ven, action: 'unchanged' };
    if (this.#r.dryRun) return { ven, action: 'updated' };
    const changes = attributes === undefined ? { name } : { name, attributes };
    try {
      return { ven: await this.#do('write VEN', (client) => client.updateVen(ven, changes)), action: 'updated' };
    } catch (error) {
      // A VTN may keep /vens to business logic (openleadr-rs 0.1): the VEN that its operator has made will do as it is.
      if (!isVenfleetError(error, 'NOT_PERMITTED')) throw error;
      this.#r.logger.warn({ ven: name, reason: error.message, hint: error.hint }, 'the VEN is used as it is');
      return { ven, action: 'unchanged' };
    }
  }

  /**
   * The VEN as the VTN knows it. By name first. In 3.1 a client sees only its own VEN, which business
   * logic may have made under another name; 3.1 allows one for each client, so that one is ours
   * (digest, section 9).
   */
  async #findVen(): Promise<Ven | undefined> {
    const { name } = this.#r;
    const named = (await this.#do('read', (client) => client.listVens({ name }))).find((ven) => ven.name === name);
    if (named !== undefined) return this.#checkOwner(named);
    if (this.#r.clientId === undefined) return undefined;
    const own = await this.#do('read', (client) => (client.vtn.version === '3.0.1' ? Promise.resolve([]) : client.listVens({})));
    const mine = own.filter((ven) => ven.clientId === this.#r.clientId);
    return mine.length === 1 ? mine[0] : undefined;
  }

  /** Business logic sees every VEN: also one of our name that the VTN does not show to our own client. */
  async #findHiddenVen(): Promise<Ven | undefined> {
    const { business } = this.#r.access;
    if (business === undefined) return undefined;
    const { name } = this.#r;
    const ven = (await this.#r.outage.guard(() => business.listVens({ name }))).find((candidate) => candidate.name === name);
    return ven === undefined ? undefined : this.#checkOwner(ven);
  }

  #checkOwner(ven: Ven): Ven {
    if (ven.clientId === undefined || this.#r.clientId === undefined || ven.clientId === this.#r.clientId) return ven;
    throw new VenfleetError(
      'VEN_TAKEN',
      `the VTN has a VEN named ${ven.name} that belongs to the client ${ven.clientId}, not to ${this.#r.clientId}`,
      {
        hint: 'give this VEN the credentials of that client, or let the operator of the VTN remove the other VEN',
        context: { ven: ven.name, venId: ven.id },
      },
    );
  }

  async #create(ven: Ven | undefined, want: Desired): Promise<VenResource> {
    if (ven === undefined) throw new TypeError('a resource needs its VEN first');
    const made = await this.#createOrFind(
      () =>
        this.#do('write resources', (client) => client.createResource(ven, { name: want.name, attributes: want.attributes() })),
      async () =>
        (await this.#do('read', (client) => client.listResources(ven.id, { name: want.name }))).find((r) => r.name === want.name),
    );
    const attributes = made.found ? mergedAttributes(want.attributes(), made.object.attributes) : undefined;
    if (attributes === undefined) return made.object;
    return this.#do('write resources', (client) => client.updateResource(made.object, { attributes }));
  }

  /**
   * Creates an object whose name is its identity. When the VTN says that the name is taken (409), or
   * when nobody knows whether the request was carried out (the connection broke before the answer), it
   * looks for the object first: found is adopted, so nothing is ever created twice.
   */
  async #createOrFind<T>(create: () => Promise<T>, find: () => Promise<T | undefined>): Promise<{ object: T; found: boolean }> {
    for (let attempt = 1; ; attempt++) {
      try {
        return { object: await create(), found: false };
      } catch (error) {
        if (!isConflict(error) && !isAmbiguous(error)) throw error;
        const object = await find();
        if (object !== undefined) return { object, found: true };
        if (isConflict(error) || attempt >= CREATE_ATTEMPTS) throw explainConflict(error);
      }
    }
  }

  async #delete(resource: VenResource): Promise<undefined> {
    try {
      await this.#do('write resources', (client) => client.deleteResource(resource));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

function explainConflict(error: unknown): unknown {
  if (!isConflict(error)) return error;
  return new VenfleetError(
    'NAME_TAKEN',
    `the VTN says that it has this already, but does not show it to this client: ${describeError(error)}`,
    {
      cause: error,
      hint: 'the name, or this client’s one VEN, may belong to another client; a business-logic client can tell',
    },
  );
}

import type { Position } from '@venfleet/core';
import type { Targeted } from '@venfleet/openadr';
import type { Resources } from '../store/resources.js';
import type { VenRow, Vens } from '../store/vens.js';
import { attributesIn, maxPowerIn, positionIn, targetsIn } from './decode.js';

/** A VEN as the console knows it, with no more of its resources than it takes to say whom a target is for. */
export interface KnownVen extends Targeted {
  readonly id: string;
  readonly clientId: string;
  readonly targets: readonly string[];
  readonly position: Position | null;
  readonly maxPowerW: number | null;
  readonly resources: readonly Targeted[];
}

const PAGE = 200;

/** The VENs of the VTN; those that changed are read again when they are asked for. */
export class VenIndex {
  readonly #vens: Vens;
  readonly #resources: Resources;
  readonly #byId = new Map<string, KnownVen>();
  readonly #byName = new Map<string, KnownVen>();
  readonly #byClient = new Map<string, KnownVen>();
  readonly #stale = new Set<string>();
  #sorted: KnownVen[] | undefined;
  /** Grows with each change. */
  version = 0;

  constructor(vens: Vens, resources: Resources) {
    this.#vens = vens;
    this.#resources = resources;
    for (let skip = 0; ; skip += PAGE) {
      const rows = vens.page([], { skip, limit: PAGE });
      for (const row of rows) this.#add(row);
      if (rows.length < PAGE) break;
    }
  }

  /** By name. */
  all(): readonly KnownVen[] {
    this.#sorted ??= [...this.#byId.values()].sort((a, b) => a.name.localeCompare(b.name));
    return this.#sorted;
  }

  byId(id: string): KnownVen | undefined {
    return this.#byId.get(id);
  }

  /** The one that a report is of: by the name that it gives, else by the client that sent it. */
  ofReport({ clientName, clientId }: { readonly clientName: string; readonly clientId: string }): KnownVen | undefined {
    return this.#byName.get(clientName) ?? this.#byClient.get(clientId);
  }

  /** Something of this VEN may be another than before. */
  touch(id: string): void {
    this.#stale.add(id);
  }

  /** @returns the ids of those that are gone */
  refresh(): string[] {
    if (this.#stale.size === 0) return [];
    this.version++;
    this.#sorted = undefined;
    const gone: string[] = [];
    for (const id of this.#stale) {
      const before = this.#byId.get(id);
      if (before !== undefined) this.#remove(before);
      const row = this.#vens.byId(id);
      if (row !== undefined) this.#add(row);
      else if (before !== undefined) gone.push(id);
    }
    this.#stale.clear();
    return gone;
  }

  #add(row: VenRow): void {
    const attributes = attributesIn(row);
    const rows = this.#resources.ofVen(row);
    const ven: KnownVen = {
      id: row.id,
      name: row.name,
      clientId: row.clientId,
      targets: targetsIn(row),
      position: positionIn(attributes) ?? mean(rows.flatMap((resource) => positionIn(attributesIn(resource)) ?? [])),
      maxPowerW: maxPowerIn(attributes),
      resources: rows.map((resource) => ({ name: resource.name, targets: targetsIn(resource) })),
    };
    this.#byId.set(ven.id, ven);
    this.#byName.set(ven.name, ven);
    this.#byClient.set(ven.clientId, ven);
  }

  #remove({ id, name, clientId }: KnownVen): void {
    this.#byId.delete(id);
    this.#byName.delete(name);
    this.#byClient.delete(clientId);
  }
}

function mean(positions: readonly Position[]): Position | null {
  if (positions.length === 0) return null;
  const sum = (of: (position: Position) => number) => positions.reduce((total, one) => total + of(one), 0) / positions.length;
  return { longitude: sum(({ longitude }) => longitude), latitude: sum(({ latitude }) => latitude) };
}

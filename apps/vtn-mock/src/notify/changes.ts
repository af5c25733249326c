import type { ObjectType, WireVersion } from '@venfleet/openadr';
import type { JsonText } from '../http/json.js';
import type { ChangeOperation, OnChange } from '../store/change.js';
import type { StoredTargets } from '../store/targets.js';

/** An object that something was done to, as those know it who may be told. */
export interface ChangedObject {
  readonly objectType: ObjectType;
  readonly id: string;
  /** The program that it belongs to, or is; vens and resources have none. */
  readonly programId?: string | undefined;
  /** The ven that it is, or belongs to. */
  readonly venId?: string;
  /** The client that it belongs to; programs and events belong to nobody. */
  readonly clientId?: string;
  /** The only version that shows it; absent: both do. */
  readonly version?: WireVersion;
  /** Reports have none. */
  readonly targets?: StoredTargets;
  /** As a version shows it to one who may see these of its targets; all when not given. */
  text(version: WireVersion, shown?: ReadonlySet<string>): JsonText;
}

export interface Change {
  readonly operation: ChangeOperation;
  readonly object: ChangedObject;
  /** What an update replaced. */
  readonly before?: ChangedObject | undefined;
}

/** Passes changes on to those who are to be told. */
export interface ChangeListener {
  /** Whether anybody there asks for this kind of object: otherwise a write costs nothing more. */
  wants(objectType: ObjectType): boolean;
  /** In the transaction of the change. */
  onChange(change: Change): void;
}

/** Takes changes from the tables to the listeners. */
export class Changes {
  readonly #listeners: ChangeListener[] = [];

  add(listener: ChangeListener): void {
    this.#listeners.push(listener);
  }

  /** What the table of one kind of object is to call. */
  of<Row>(objectType: ObjectType, describe: (row: Row) => ChangedObject): OnChange<Row> {
    return (operation, row, before) => {
      let change: Change | undefined;
      for (const listener of this.#listeners) {
        if (!listener.wants(objectType)) continue;
        change ??= { operation, object: describe(row), before: before === undefined ? undefined : describe(before) };
        listener.onChange(change);
      }
    };
  }
}

import { isIP } from 'node:net';
import { type DeviceProfile, inputsOf, type ProfileCatalog } from '@venfleet/devices';
import { isValidGsrn } from '../gsrn.js';
import { type CsvFile, type CsvKind, type CsvRecord, cellsOf } from '../import/csv-file.js';
import { connectionMistakes, type Mistake, quoted } from '../mistakes.js';
import type { Actor, NewConnection } from '../model.js';

/** How one end of a site is reached; the control's columns have `control_` before these names. */
const END_COLUMNS = ['host', 'port', 'unit', 'profile', 'topic', 'username', 'secret_ref'] as const;
type EndColumn = (typeof END_COLUMNS)[number];
type Column = 'meter_point_id' | 'name' | EndColumn | `control_${EndColumn}`;
type Prefix = '' | 'control_';

/** The columns of an installer's file of connections. */
export const CONNECTIONS: CsvKind<Column> = {
  required: ['meter_point_id', 'profile', 'host'],
  optional: [
    // For people: which site it is.
    'name',
    ...END_COLUMNS.filter((column) => column !== 'profile' && column !== 'host'),
    ...END_COLUMNS.map((column): Column => `control_${column}`),
  ],
  semicolons: true,
};

/** All of them, in the order in which they are written. */
export const COLUMNS: readonly Column[] = [
  'meter_point_id',
  'name',
  ...END_COLUMNS,
  ...END_COLUMNS.map((column): Column => `control_${column}`),
];

/** In the place of a control's profile: the site is metered only. */
export const NO_CONTROL = 'none';

/** What a row says of a site. */
export interface ConnectionRow {
  readonly line: number;
  readonly meterPointId: string;
  readonly meter: NewConnection;
  /** null where the site is to have none, undefined where the row does not say. */
  readonly control: NewConnection | null | undefined;
}

/** A row that does not go in, and everything that by itself is wrong with it. */
export interface RefusedConnectionRow {
  readonly line: number;
  /** Which resource it speaks of, as far as can be told. */
  readonly meterPointId: string | undefined;
  readonly mistakes: readonly Mistake[];
}

export function toConnectionRow(
  file: CsvFile<Column>,
  record: CsvRecord,
  catalog: ProfileCatalog,
): ConnectionRow | RefusedConnectionRow {
  const { line } = record;
  const cell = cellsOf(file, record);
  if (typeof cell !== 'function') return { line, meterPointId: undefined, mistakes: [cell] };
  const given = cell('meter_point_id');
  const reader = new EndReader(cell, catalog);
  const unusable = meterPointMistakes(given);
  const meter = reader.meter();
  const control = reader.control(meter);
  const mistakes = [...unusable, ...reader.mistakes];
  if (mistakes.length === 0 && meter !== undefined) return { line, meterPointId: given, meter, control };
  return { line, meterPointId: unusable.length === 0 ? given : undefined, mistakes };
}

/** A number that is cut off or mistyped is told from one that is only not in the database. */
function meterPointMistakes(text: string): Mistake[] {
  const field = 'meter_point_id';
  if (text === '') return [{ field, reason: 'is empty' }];
  if (/^\d[.,]\d+e\+?\d+$/i.test(text)) {
    const reason = `${quoted(text)} was rounded by a spreadsheet: set the column to text, and enter all 18 digits anew`;
    return [{ field, reason }];
  }
  if (isValidGsrn(text)) return [];
  return [{ field, reason: `${quoted(text)} is no GSRN: 18 digits, the last one a right check digit` }];
}

/** A connection's cells, in the order of the columns of one end. */
export function endCells(connection: NewConnection | null): string[] {
  if (connection === null || connection.type === 'FILEREADER') return END_COLUMNS.map(() => '');
  const { type, host, port, profile } = connection;
  const modbus = type === 'MODBUSTCP' ? String(connection.unitId) : '';
  const mqtt = type === 'MQTT' ? [connection.topic, connection.username ?? '', connection.secretRef ?? ''] : ['', '', ''];
  return [host, String(port), modbus, profile, ...mqtt];
}

/** Makes connections of the cells of a row, and notes what is wrong with them under the names of the columns. */
class EndReader {
  readonly mistakes: Mistake[] = [];
  readonly #cell: (column: Column) => string;
  readonly #catalog: ProfileCatalog;

  constructor(cell: (column: Column) => string, catalog: ProfileCatalog) {
    this.#cell = cell;
    this.#catalog = catalog;
  }

  meter(): NewConnection | undefined {
    if (this.#cell('profile') === '') this.#refuse('profile', 'is empty');
    return this.#end('', 'READER', undefined);
  }

  /** @param meter what a control beside it has in common with it: host and, over the same transport, port and login. */
  control(meter: NewConnection | undefined): NewConnection | null | undefined {
    const profile = this.#cell('control_profile');
    const others = END_COLUMNS.filter((column) => column !== 'profile' && this.#cell(`control_${column}`) !== '');
    if (profile === '') {
      for (const column of others) this.#refuse(`control_${column}`, 'is given, but control_profile is empty');
      return undefined;
    }
    if (profile === NO_CONTROL) {
      for (const column of others) this.#refuse(`control_${column}`, `is given, but control_profile says ${NO_CONTROL}`);
      return null;
    }
    // A charger that is its own meter is named once.
    if (meter !== undefined && profile === meter.profile && others.length === 0) {
      this.#needs('control_', meter.type === 'MQTT' ? 'mqtt' : 'modbus', profile, takesCommands, NO_COMMANDS);
      return { ...meter, actor: 'WRITER' };
    }
    return this.#end('control_', 'WRITER', meter);
  }

  #end(prefix: Prefix, actor: Actor, beside: NewConnection | undefined): NewConnection | undefined {
    const value = (column: EndColumn) => this.#cell(`${prefix}${column}`);
    const [unit, topic, profile] = [value('unit'), value('topic'), value('profile')];
    const host = this.#host(prefix, beside);
    if ((unit === '') === (topic === '')) {
      const reason = unit === '' ? 'is empty, and so is the topic: a device needs one of them' : 'is given, and a topic, too';
      this.#refuse(`${prefix}unit`, `${reason} (unit: Modbus TCP, topic: MQTT)`);
      return undefined;
    }
    const type = unit === '' ? 'MQTT' : 'MODBUSTCP';
    const [fits, lacks] = actor === 'READER' ? ([measures, NO_VALUES] as const) : ([takesCommands, NO_COMMANDS] as const);
    if (profile !== '') this.#needs(prefix, type === 'MQTT' ? 'mqtt' : 'modbus', profile, fits, lacks);
    const besides = beside?.type === type && value('host') === '' ? beside : undefined;
    const common = { actor, profile, host, port: this.#whole(prefix, 'port', besides?.port ?? (type === 'MQTT' ? 1883 : 502)) };
    const connection: NewConnection =
      type === 'MODBUSTCP'
        ? { type, ...common, unitId: this.#whole(prefix, 'unit', undefined) }
        : { type, ...common, topic, ...this.#login(prefix, besides) };
    if (type === 'MODBUSTCP') this.#refuseLogin(prefix);
    this.#addRules(prefix, connection);
    return connection;
  }

  #host(prefix: Prefix, beside: NewConnection | undefined): string {
    const host = this.#cell(`${prefix}host`);
    if (host === '') {
      if (beside !== undefined && beside.type !== 'FILEREADER') return beside.host;
      if (prefix === '') this.#refuse('host', 'is empty');
    } else if (isIP(host) === 0 && !/^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?$/i.test(host)) {
      this.#refuse(`${prefix}host`, `${quoted(host)} is neither a host name nor an address; the port has a column of its own`);
    }
    return host;
  }

  #login(prefix: Prefix, beside: NewConnection | undefined): { username: string | null; secretRef: string | null } {
    const inherited = beside?.type === 'MQTT' ? beside : undefined;
    return {
      username: this.#cell(`${prefix}username`) || (inherited?.username ?? null),
      secretRef: this.#cell(`${prefix}secret_ref`) || (inherited?.secretRef ?? null),
    };
  }

  #refuseLogin(prefix: Prefix): void {
    for (const column of ['username', 'secret_ref'] as const) {
      if (this.#cell(`${prefix}${column}`) !== '') this.#refuse(`${prefix}${column}`, 'is given, but Modbus TCP knows no login');
    }
  }

  #whole(prefix: Prefix, column: 'port' | 'unit', fallback: number | undefined): number {
    const text = this.#cell(`${prefix}${column}`);
    if (text === '' && fallback !== undefined) return fallback;
    // What is no number at all is refused by the connection's own rule, which tells the range.
    return /^\d+$/.test(text) ? Number(text) : Number.NaN;
  }

  #needs(
    prefix: Prefix,
    kind: DeviceProfile['kind'],
    id: string,
    fits: (profile: DeviceProfile) => boolean,
    lacks: string,
  ): void {
    const usable = this.#catalog.all.filter((profile) => profile.kind === kind && fits(profile)).map((profile) => profile.id);
    if (usable.includes(id)) return;
    const isThere = this.#catalog.all.some((profile) => profile.kind === kind && profile.id === id);
    const wrong = isThere ? lacks : `is no device profile for ${kind === 'mqtt' ? 'MQTT' : 'Modbus TCP'}`;
    this.#refuse(`${prefix}profile`, `${quoted(id)} ${wrong}; use one of ${usable.join(', ')}`);
  }

  #addRules(prefix: Prefix, connection: NewConnection): void {
    for (const { field, reason } of connectionMistakes(connection)) {
      const column = `${prefix}${field === 'unit_id' ? 'unit' : field}`;
      const text = this.#cell(column as Column);
      // An empty host or profile has been told of.
      if (this.mistakes.some((mistake) => mistake.field === column)) continue;
      this.#refuse(column, text === '' ? reason : `${quoted(text)} ${reason}`);
    }
  }

  #refuse(field: string, reason: string): void {
    this.mistakes.push({ field, reason });
  }
}

const NO_VALUES = 'gives neither power nor energy';
const NO_COMMANDS = 'takes no limit';

/** Whether the device tells power or energy, derived from other values perhaps. */
function measures({ points, derived }: DeviceProfile): boolean {
  const tells = (name: string): boolean =>
    points.has(name) || derived.some((formula) => formula.name === name && inputsOf(formula).every(tells));
  return ['powerW', 'energyImportWh', 'energyExportWh'].some(tells);
}

function takesCommands({ controls }: DeviceProfile): boolean {
  return controls.size > 0;
}

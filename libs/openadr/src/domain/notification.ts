import { nullable } from '../wire/common.js';
import { Type } from '../wire/schema.js';
import { validator } from '../wire/validator.js';

const text = nullable(Type.String());
const Received = Type.Object({
  objectType: text,
  /** The reference VTN's spelling. */
  object_type: text,
  operation: Type.String(),
  object: nullable(Type.Object({ id: text, objectType: text, programID: text })),
});
const received = validator(Received);

/** OpenADR YAML, schema objectID. */
const LONGEST_ID = 128;

export type Operation = 'CREATE' | 'READ' | 'UPDATE' | 'DELETE';

/** What a VTN says was done, by webhook or MQTT. The object that it brings along is not looked at: it may be old. */
export interface Notification {
  /** PROGRAM, EVENT, …, or one that is not known. */
  readonly objectType: string;
  readonly operation: Operation;
  readonly id: string | undefined;
}

/** 3.0.1 tells what was done by HTTP verbs (3.0.1 YAML, notification), 3.1 by operations. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  CREATE: 'CREATE',
  READ: 'READ',
  UPDATE: 'UPDATE',
  DELETE: 'DELETE',
  POST: 'CREATE',
  GET: 'READ',
  PUT: 'UPDATE',
};

/** Reads a notification of either version; undefined for what is none. */
export function decodeNotification(json: unknown): Notification | undefined {
  if (!received.is(json)) return undefined;
  const operation = OPERATIONS[json.operation.toUpperCase()];
  const objectType = json.objectType ?? json.object_type ?? json.object?.objectType;
  if (operation === undefined || objectType === undefined || objectType === null) return undefined;
  const id = json.object?.id ?? '';
  return { objectType: objectType.toUpperCase(), operation, id: id !== '' && id.length <= LONGEST_ID ? id : undefined };
}

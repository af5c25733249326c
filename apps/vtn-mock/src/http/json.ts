import type { Stamp } from '../store/store.js';

/** A JSON text that is sent as it is. */
export type JsonText = string;

/** The JSON text of an optional value, or null when there is none: null and absent read back alike, as absent. */
export function textOf(value: unknown): JsonText | null {
  return value == null ? null : JSON.stringify(value);
}

/** `,"key":text`, or nothing for null. */
export function member(key: string, text: JsonText | null): string {
  return text === null ? '' : `,"${key}":${text}`;
}

/** `{"a":1}` → `,"a":1` */
export function membersOf(object: JsonText): string {
  return object === '{}' ? '' : `,${object.slice(1, -1)}`;
}

/**
 * An object as the VTN answers it: what the server set, then `members`, a sequence of {@link member}s.
 * Building the text from stored texts spares parsing and writing them again with each answer.
 */
export function objectText(objectType: string, { id, created, modified }: Stamp, members: string): JsonText {
  const createdText = new Date(created).toISOString();
  const modifiedText = modified === created ? createdText : new Date(modified).toISOString();
  return `{"id":"${id}","createdDateTime":"${createdText}","modificationDateTime":"${modifiedText}","objectType":"${objectType}"${members}}`;
}

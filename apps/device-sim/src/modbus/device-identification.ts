import { VenfleetError } from '@venfleet/core';
import { ILLEGAL_DATA_ADDRESS, ILLEGAL_DATA_VALUE, ILLEGAL_FUNCTION, putException } from './exceptions.js';
import { MAX_PDU_BYTES } from './mbap.js';

export const ENCAPSULATED_INTERFACE = 0x2b;
const READ_DEVICE_IDENTIFICATION = 0x0e;

/** ReadDevId codes, Modbus Application Protocol 1.1b3, §6.21. */
const BASIC = 1;
const REGULAR = 2;
const EXTENDED = 3;
const INDIVIDUAL = 4;
/** The last object id of each level of a stream read. */
const LAST_OBJECT: Readonly<Record<number, number>> = { [BASIC]: 0x02, [REGULAR]: 0x7f, [EXTENDED]: 0xff };
/** Function code, MEI type, ReadDevId code, conformity level, more follows, next object id, number of objects. */
const RESPONSE_HEADER_BYTES = 7;
const OBJECT_HEADER_BYTES = 2;
const MAX_OBJECT_BYTES = MAX_PDU_BYTES - RESPONSE_HEADER_BYTES - OBJECT_HEADER_BYTES;

/** What a device says of itself. The first three are mandatory, §6.21. */
export interface IdentificationTexts {
  readonly vendorName: string;
  readonly productCode: string;
  readonly revision: string;
  readonly vendorUrl?: string;
  readonly productName?: string;
  readonly modelName?: string;
  readonly userApplicationName?: string;
  /** Private objects by id, 0x80…0xFF. */
  readonly extended?: Readonly<Record<number, string>>;
}

/** The objects in the order of their ids, as they go over the wire. Devices of one type share one. */
export interface DeviceIdentification {
  readonly objects: readonly { readonly id: number; readonly value: Buffer }[];
  /** 0x81 basic, 0x82 regular, 0x83 extended; stream and individual access. */
  readonly conformity: number;
}

/** @throws VenfleetError MODBUS_IDENTIFICATION_INVALID for a text over 244 bytes or an extended id outside 0x80…0xFF. */
export function deviceIdentification(texts: IdentificationTexts): DeviceIdentification {
  const { vendorName, productCode, revision, vendorUrl, productName, modelName, userApplicationName, extended = {} } = texts;
  const named = [vendorName, productCode, revision, vendorUrl, productName, modelName, userApplicationName];
  const all: [number, string | undefined][] = [...named.entries()];
  for (const [id, text] of Object.entries(extended)) all.push([Number(id), text]);
  const objects = all
    .filter((entry): entry is [number, string] => entry[1] !== undefined)
    .map(([id, text]) => ({ id, value: Buffer.from(text, 'latin1') }))
    .sort((a, b) => a.id - b.id);
  const bad = objects.filter(({ value }) => value.length > MAX_OBJECT_BYTES).map(({ id }) => `object ${id}: over 244 bytes`);
  for (const id of Object.keys(extended)) {
    if (!(Number(id) >= 0x80 && Number(id) <= 0xff)) bad.push(`object ${id}: an extended object has an id of 128…255`);
  }
  if (bad.length > 0) {
    throw new VenfleetError('MODBUS_IDENTIFICATION_INVALID', 'the device identification has mistakes', { details: bad });
  }
  const last = objects.at(-1)?.id ?? 0;
  return { objects, conformity: last >= 0x80 ? 0x83 : last > 0x02 ? 0x82 : 0x81 };
}

/** Answers FC 43/14; `request` from `at` to `end` is the PDU. The response's length is the result. */
export function readDeviceIdentification(
  identification: DeviceIdentification | undefined,
  request: Buffer,
  at: number,
  end: number,
  out: Buffer,
  outAt: number,
): number {
  const refuse = (exception: number) => putException(out, outAt, ENCAPSULATED_INTERFACE, exception);
  if (identification === undefined || request[at + 1] !== READ_DEVICE_IDENTIFICATION) return refuse(ILLEGAL_FUNCTION);
  if (end - at !== 4) return refuse(ILLEGAL_DATA_VALUE);
  const [code, objectId] = [request[at + 2] as number, request[at + 3] as number];
  if (code < BASIC || code > INDIVIDUAL) return refuse(ILLEGAL_DATA_VALUE);
  const { objects } = identification;
  const asked = objects.findIndex(({ id }) => id === objectId);
  if (code === INDIVIDUAL && asked < 0) return refuse(ILLEGAL_DATA_ADDRESS);
  const last = code === INDIVIDUAL ? objectId : (LAST_OBJECT[code] as number);
  // §6.21: a stream from an object that the device does not have starts at the beginning.
  const first = asked < 0 || objectId > last ? 0 : asked;
  return putObjects(identification, code, first, last, out, outAt);
}

function putObjects(
  { objects, conformity }: DeviceIdentification,
  code: number,
  first: number,
  lastId: number,
  out: Buffer,
  outAt: number,
): number {
  let length = RESPONSE_HEADER_BYTES;
  let next = first;
  for (; next < objects.length; next++) {
    const { id, value } = objects[next] as { id: number; value: Buffer };
    if (id > lastId || length + OBJECT_HEADER_BYTES + value.length > MAX_PDU_BYTES) break;
    out[outAt + length] = id;
    out[outAt + length + 1] = value.length;
    value.copy(out, outAt + length + OBJECT_HEADER_BYTES);
    length += OBJECT_HEADER_BYTES + value.length;
  }
  const following = objects[next];
  const more = following !== undefined && following.id <= lastId;
  const head = [ENCAPSULATED_INTERFACE, READ_DEVICE_IDENTIFICATION, code, conformity, more ? 0xff : 0, more ? following.id : 0];
  out.set(head, outAt);
  out[outAt + head.length] = next - first;
  return length;
}

import { valueText } from '@venfleet/console-api/server';
import type { Position } from '@venfleet/core';
import { type Attribute, type DecodedEvent, decodeEvent, decodeReport, type GridReport } from '@venfleet/openadr';
import { eventObject } from '../objects/events.js';
import type { EventRow } from '../store/events.js';
import type { ReportRow } from '../store/reports.js';

/** A stored report as the domain sees it. Its content was checked when it came. */
export function reportIn({ id, eventId, programId, clientId, clientName, created, content }: ReportRow): GridReport {
  const { resources, reportName, payloadDescriptors } = JSON.parse(content);
  const createdDateTime = new Date(created).toISOString();
  const envelope = { id, eventID: eventId, programID: programId, clientID: clientId, clientName, createdDateTime };
  return decodeReport({ ...envelope, resources, reportName, payloadDescriptors });
}

export function eventIn(row: EventRow): DecodedEvent {
  return decodeEvent(JSON.parse(eventObject(row).text('3.1.0')), '3.1.0');
}

/** Of a stored ven or resource. */
export function attributesIn({ attributes }: { readonly attributes: string | null }): readonly Attribute[] {
  return attributes === null ? [] : JSON.parse(attributes);
}

export function targetsIn({ targets }: { readonly targets: string | null }): readonly string[] {
  return targets === null ? [] : JSON.parse(targets);
}

/** A point has longitude as x and latitude as y (OpenADR 3.1 Definition, attribute LOCATION). */
export function positionIn(attributes: readonly Attribute[]): Position | null {
  const value = attributes.find(({ type }) => type === 'LOCATION')?.values[0];
  if (typeof value !== 'object' || value === null || !('x' in value) || !('y' in value)) return null;
  return { longitude: value.x, latitude: value.y };
}

export function textIn(attributes: readonly Attribute[], type: string): string | null {
  const value = attributes.find((attribute) => attribute.type === type)?.values[0];
  return value === undefined ? null : valueText(value);
}

/** MAX_POWER_CONSUMPTION is in kW (Definition, attribute enumerations). */
export function maxPowerIn(attributes: readonly Attribute[]): number | null {
  const value = attributes.find(({ type }) => type === 'MAX_POWER_CONSUMPTION')?.values[0];
  return typeof value === 'number' ? value * 1000 : null;
}

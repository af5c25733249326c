import { type Position, toKilowattHours, toKilowatts } from '@venfleet/core';
import type { Attribute } from '@venfleet/openadr';
import type { Resource } from '@venfleet/resource-db';

/** What a VEN or a resource should look like on the VTN. */
export interface Desired {
  readonly name: string;
  /** Made anew each time: those of thousands of resources need not wait in memory for their turn. */
  attributes(): readonly Attribute[];
}

/**
 * A resource as OpenADR sees it. Its name is the resource id, which is unique and never changes;
 * LOCATION, MAX_POWER_CONSUMPTION (kW) and DESCRIPTION are the standard's attribute names (OpenADR 3.1
 * Definition, section "Enumerations: attributes"), the others are private strings.
 */
export function desiredResource(resource: Resource): Desired {
  return {
    name: resource.resourceId,
    attributes: () => [
      location(resource.position),
      { type: 'MAX_POWER_CONSUMPTION', values: [toKilowatts(resource.pMax)] },
      { type: 'DESCRIPTION', values: [resource.name] },
      { type: 'METER_POINT_ID', values: [resource.meterPointId] },
      { type: 'RESOURCE_TYPE', values: [resource.type] },
      { type: 'RESOURCE_SUB_TYPE', values: [resource.subType] },
      { type: 'P_MIN_KW', values: [toKilowatts(resource.pMin)] },
      { type: 'E_MIN_KWH', values: [toKilowattHours(resource.eMin)] },
      { type: 'E_MAX_KWH', values: [toKilowattHours(resource.eMax)] },
      { type: 'ADDRESS', values: [resource.address] },
    ],
  };
}

/** A VEN as OpenADR sees it: the middle of its resources and the most they draw together. */
export function desiredVen(name: string, resources: readonly Resource[]): Desired {
  const mean = (of: (position: Position) => number) =>
    round(resources.reduce((sum, resource) => sum + of(resource.position), 0) / resources.length, 5);
  const power = resources.reduce((sum, resource) => sum + resource.pMax, 0) / 1000;
  return {
    name,
    attributes: () => [
      location({ longitude: mean((p) => p.longitude), latitude: mean((p) => p.latitude) }),
      { type: 'MAX_POWER_CONSUMPTION', values: [round(power, 3)] },
    ],
  };
}

/** A point has longitude as x and latitude as y (OpenADR 3.1 Definition, attribute LOCATION). */
function location({ longitude, latitude }: Position): Attribute {
  return { type: 'LOCATION', values: [{ x: longitude, y: latitude }] };
}

function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}

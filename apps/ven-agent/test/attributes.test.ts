import { describe, expect, test } from '@jest/globals';
import { instant, kilowattHours, kilowatts } from '@venfleet/core';
import type { Resource } from '@venfleet/resource-db';
import { desiredResource, desiredVen } from '../src/registration/attributes.js';

function resource(overrides: Partial<Resource> = {}): Resource {
  return {
    id: 1,
    resourceId: 'a2c1f0de-0000-5000-8000-000000000001',
    name: 'Hotel Phønix, Vesterbro',
    type: 'DSR',
    subType: 'Hotels',
    meterPointId: '571313100000000017',
    pMin: kilowatts(5),
    pMax: kilowatts(50),
    eMin: kilowattHours(0),
    eMax: kilowattHours(200),
    position: { longitude: 9.91, latitude: 57.04 },
    address: 'Vesterbro 77, 9000 Aalborg',
    ven: 'Aalborg',
    enabled: true,
    createdAt: instant(0),
    updatedAt: instant(0),
    ...overrides,
  } as Resource;
}

describe('what a resource looks like on the VTN', () => {
  test('its name is the resource id, which is unique and never changes', () => {
    expect(desiredResource(resource()).name).toBe('a2c1f0de-0000-5000-8000-000000000001');
  });

  test('standard attributes have standard names, longitude comes first, power is in kW and energy in kWh', () => {
    const values = Object.fromEntries(
      desiredResource(resource())
        .attributes()
        .map(({ type, values }) => [type, values[0]]),
    );
    expect(values).toEqual({
      LOCATION: { x: 9.91, y: 57.04 },
      MAX_POWER_CONSUMPTION: 50,
      DESCRIPTION: 'Hotel Phønix, Vesterbro',
      METER_POINT_ID: '571313100000000017',
      RESOURCE_TYPE: 'DSR',
      RESOURCE_SUB_TYPE: 'Hotels',
      P_MIN_KW: 5,
      E_MIN_KWH: 0,
      E_MAX_KWH: 200,
      ADDRESS: 'Vesterbro 77, 9000 Aalborg',
    });
  });
});

describe('what a VEN looks like on the VTN', () => {
  test('it lies in the middle of its resources and draws at most what they draw together', () => {
    const resources = [
      resource({ position: { longitude: 9.9, latitude: 57.0 }, pMax: kilowatts(22) }),
      resource({ position: { longitude: 10.0, latitude: 57.1 }, pMax: kilowatts(100) }),
    ];
    const ven = desiredVen('Aalborg', resources);
    expect(ven.name).toBe('Aalborg');
    expect(ven.attributes()).toEqual([
      { type: 'LOCATION', values: [{ x: 9.95, y: 57.05 }] },
      { type: 'MAX_POWER_CONSUMPTION', values: [122] },
    ]);
  });
});

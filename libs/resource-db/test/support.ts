import { seconds, wattHours, watts } from '@venfleet/core';
import { danishGsrn, type NewResource } from '../src/index.js';

/** A resource with this number in its id, name and meter point, and no connections. */
export function hotel(serial: number, changes: Partial<NewResource> = {}): NewResource {
  return {
    resourceId: `00000000-0000-5000-8000-${String(serial).padStart(12, '0')}`,
    name: `Hotel ${serial}`,
    type: 'DSR',
    subType: 'Hotels',
    meterPointId: danishGsrn(serial),
    pMin: watts(0),
    pMax: watts(50_000),
    eMin: wattHours(0),
    eMax: wattHours(200_000),
    position: { longitude: 9.92, latitude: 57.05 },
    address: 'Algade 1, 9000 Aalborg',
    ven: 'Aalborg',
    enabled: true,
    readInterval: seconds(10),
    reported: true,
    readerConnectionId: null,
    writerConnectionId: null,
    ...changes,
  };
}

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { GatewayAllocator } from '../src/import/gateways.js';

const SETTINGS = { host: '127.0.0.1', basePort: 20_000, maxUnitsPerGateway: 247 };

describe('gateways', () => {
  test('no unit is given out twice, no gateway serves two VENs or too many units, a site stays on one gateway', () => {
    const demand = fc.array(fc.record({ ven: fc.constantFrom('A', 'B', 'C'), count: fc.integer({ min: 1, max: 2 }) }), {
      maxLength: 120,
    });
    fc.assert(
      fc.property(demand, fc.integer({ min: 2, max: 9 }), (sites, maxUnitsPerGateway) => {
        const allocator = new GatewayAllocator({ ...SETTINGS, maxUnitsPerGateway });
        const venOfPort = new Map<number, string>();
        const given = new Set<string>();
        for (const { ven, count } of sites) {
          const units = allocator.allocate(ven, count);
          expect(units).toHaveLength(count);
          expect(new Set(units.map((u) => u.port)).size).toBe(1);
          for (const { port, unitId } of units) {
            expect(unitId >= 1 && unitId <= maxUnitsPerGateway).toBe(true);
            expect(given.has(`${port}/${unitId}`)).toBe(false);
            given.add(`${port}/${unitId}`);
            expect(venOfPort.get(port) ?? ven).toBe(ven);
            venOfPort.set(port, ven);
          }
        }
      }),
    );
  });

  test('123 sites of two devices fill a gateway but for one unit, which a charger takes', () => {
    const allocator = new GatewayAllocator(SETTINGS);
    for (let i = 0; i < 123; i++) expect(allocator.allocate('Aalborg', 2)[0]?.port).toBe(20_000);
    expect(allocator.allocate('Aalborg', 2)[0]).toEqual({ port: 20_001, unitId: 1 });
    expect(allocator.allocate('Aalborg', 1)).toEqual([{ port: 20_000, unitId: 247 }]);
    expect(allocator.allocate('Aarhus', 1)[0]?.port).toBe(20_002);
  });

  test('what is reserved is not given out, and ports of others are left alone', () => {
    const allocator = new GatewayAllocator(SETTINGS);
    allocator.reserve({ port: 20_000, unitId: 5 });
    allocator.reserve({ port: 20_001, unitId: 1 }, 'Aalborg');
    allocator.reserve({ port: 20_001, unitId: 3 }, 'Aalborg');
    expect(allocator.allocate('Aalborg', 2)).toEqual([
      { port: 20_001, unitId: 4 },
      { port: 20_001, unitId: 5 },
    ]);
    expect(allocator.allocate('Vejle', 1)).toEqual([{ port: 20_002, unitId: 1 }]);
  });

  test('ports of the ephemeral range are never used', () => {
    const allocator = new GatewayAllocator({ ...SETTINGS, basePort: 32_767 });
    allocator.allocate('Aalborg', 1);
    expect(() => allocator.allocate('Vejle', 1)).toThrow(expect.objectContaining({ code: 'PORTS_EXHAUSTED' }));
  });
});

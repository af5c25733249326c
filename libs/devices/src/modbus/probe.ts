import type { Probe } from '../profile/types.js';

/**
 * Whether the registers at a profile's probe (as bytes of the response) show the device that the profile
 * is for. What it found is for the message to the installer.
 */
export function checkProbe(probe: Probe, data: Buffer): { readonly ok: boolean; readonly found: unknown } {
  if (data.length !== probe.registers * 2) return { ok: false, found: undefined };
  const found = probe.codec.decode(data, 0);
  const { expect } = probe;
  const ok =
    typeof expect === 'object' ? typeof found === 'number' && found >= expect.min && found <= expect.max : found === expect;
  return { ok, found };
}

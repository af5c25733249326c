import type { Attribute } from '@venfleet/openadr';

/** By how much the load is to be below the baseline, in watts. Values in kW, as the operator's commands write them. */
export function requestedOf(payloads: readonly Attribute[], { baseline }: { readonly baseline: number }): number | undefined {
  const wishes = payloads.flatMap(({ type, values }) => {
    const value = typeof values[0] === 'number' ? values[0] : undefined;
    const wish = value === undefined ? undefined : WISHES[type]?.(value, baseline);
    return wish === undefined ? [] : [Math.max(0, wish)];
  });
  return wishes.length === 0 ? undefined : Math.max(...wishes);
}

const WISHES: Readonly<Record<string, (value: number, baseline: number) => number>> = {
  // A share above 1 is a percentage, as everywhere in OpenADR.
  CONTROL_LEVEL_OFFSET_PERCENT: (value, baseline) => (Math.abs(value) > 1 ? value / 100 : value) * baseline,
  DISPATCH_SETPOINT: (value, baseline) => baseline - value * 1000,
  DISPATCH_SETPOINT_RELATIVE: (value) => -value * 1000,
  IMPORT_CAPACITY_LIMIT: (value, baseline) => baseline - value * 1000,
};

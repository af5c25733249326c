/** What the form for a fault holds, as it is typed. */
export interface FaultDraft {
  readonly kind: string;
  readonly city: string;
  readonly device: string;
  readonly percent: string;
  readonly durationS: string;
}

export const NEW_FAULT: FaultDraft = { kind: '', city: '', device: '', percent: '', durationS: '' };

/** As the simulator takes it: what is empty is left out, what looks like a number is one. */
export function faultOf({ kind, ...rest }: FaultDraft): { kind: string } & Record<string, unknown> {
  const given = Object.entries(rest).filter(([, text]) => text.trim() !== '');
  return { kind, ...Object.fromEntries(given.map(([name, text]) => [name, typed(name, text.trim())])) };
}

const NUMBERS: ReadonlySet<string> = new Set(['percent', 'durationS']);

/** What is no number stays as it is typed: the simulator says so better. */
function typed(name: string, text: string): string | number {
  const number = Number(text);
  return NUMBERS.has(name) && Number.isFinite(number) ? number : text;
}

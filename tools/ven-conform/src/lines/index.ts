import type { WireVersion } from '@venfleet/openadr';
import type { Line } from '../line.js';
import { ACCESS } from './access.js';
import { EFFECTS } from './effects.js';
import { LISTS } from './lists.js';
import { PUSH } from './push.js';
import { REGISTRATION } from './registration.js';
import { REPORTS } from './reports.js';
import { TIMES } from './times.js';

/** The first and the last line of the checklist that are about VENs. */
export const [FIRST_LINE, LAST_LINE] = [60, 85] as const;

/** In the order of the checklist. */
export const LINES: readonly Line[] = [ACCESS, EFFECTS, LISTS, PUSH, REGISTRATION, REPORTS, TIMES]
  .flat()
  .sort((a, b) => a.number - b.number);

/** The lines that a version has. */
export const linesOf = (version: WireVersion): readonly Line[] => LINES.filter(({ versions }) => versions.includes(version));

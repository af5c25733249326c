import type { Row } from '../row.js';
import { prepareOrigRow, prepareRow } from './prepare.js';

/** Every row, in the order in which they are measured. */
export const ROWS: readonly Row[] = [prepareRow, prepareOrigRow];

import type { Line } from '../line.js';
import { authLines } from './auth.js';
import { callbackLines } from './callbacks.js';
import { listLines } from './lists.js';
import { objectLines } from './objects.js';
import { lines301 } from './v301.js';
import { eventLines310 } from './v310-events.js';
import { notifierLines310 } from './v310-notifiers.js';
import { venLines310 } from './v310-vens.js';
import { valueLines } from './values.js';

/** The conformance checklist for VTNs, in its order. */
export const LINES: readonly Line[] = [
  ...objectLines,
  ...listLines,
  ...authLines,
  ...valueLines,
  ...callbackLines,
  ...lines301,
  ...venLines310,
  ...eventLines310,
  ...notifierLines310,
];

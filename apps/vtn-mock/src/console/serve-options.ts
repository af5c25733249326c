import { pageFolder } from '@venfleet/console-api/server';
import { type Command, InvalidArgumentError } from '@venfleet/core/node';
import type { ConsoleOptions } from './attach.js';

export interface ConsoleFlags {
  /** false: none. */
  readonly console: string | boolean;
  readonly consoleLink?: true;
  readonly simulator?: string;
}

export function addConsoleOptions(command: Command): void {
  command
    .option('--console <DIR>', 'folder of the built console page (default: that of apps/console)')
    .option('--no-console', 'have no console')
    .option('--console-link', 'print a link that logs in to the console once, from this machine (default: on a terminal)')
    .option('--simulator <URL>', 'device simulator whose faults the console shows: http://127.0.0.1:8010', httpUrl);
}

export function consoleOf({ console, consoleLink, simulator }: ConsoleFlags): { console?: ConsoleOptions } {
  if (console === false) return {};
  const link = consoleLink === true || process.stdout.isTTY === true;
  return { console: { page: typeof console === 'string' ? console : pageFolder(), simulator, link } };
}

function httpUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '') return text;
  throw new InvalidArgumentError('It must be an http or https URL: http://127.0.0.1:8010.');
}

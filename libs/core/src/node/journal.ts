import { fstatSync } from 'node:fs';

/** Priorities of sd-daemon(3) by pino's levels: what journald takes off the beginning of a line. */
const PRIORITIES: Readonly<Record<number, string>> = { 20: '<7>', 30: '<6>', 40: '<4>', 50: '<3>' };
const ERROR = '<3>';

/** Something that text is written to. */
export interface TextSink {
  write(text: string): unknown;
}

/**
 * Whether what is written to `fd` ends up in systemd's journal (JOURNAL_STREAM of systemd.exec(5)): a service whose output
 * was redirected elsewhere has the variable, too.
 */
export function writesToJournal(env: NodeJS.ProcessEnv, fd = 2): boolean {
  if (env.JOURNAL_STREAM === undefined) return false;
  const { dev, ino } = fstatSync(fd, { bigint: true });
  return env.JOURNAL_STREAM === `${dev}:${ino}`;
}

/**
 * Takes pino's lines and writes them as the journal wants them: the priority, then words; time and program are the journal's
 * own. `<4>metering: meter gives no value ven=Aalborg code=METER_TIMEOUT`.
 */
export function journalSink(sink: TextSink): TextSink {
  return { write: (line) => sink.write(`${journalLine(JSON.parse(line))}\n`) };
}

function journalLine({ level, time, component, msg, ...fields }: Record<string, unknown>): string {
  const words = Object.entries(fields).map(([key, value]) => `${key}=${wordOf(value)}`);
  const from = component === undefined ? '' : `${component}: `;
  return `${PRIORITIES[Number(level)] ?? ''}${from}${[msg, ...words].join(' ')}`;
}

/** On one line, and told apart from its neighbours. */
function wordOf(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}

/** Takes error messages for people, and gives each of their lines the priority of an error. */
export function journalErrorSink(sink: TextSink): TextSink {
  return { write: (text) => sink.write(text.replace(/^(?=.)/gm, ERROR)) };
}

/** Where a program's error messages go: to standard error, as the journal wants them where that is what reads it. */
export function errorSink(env: NodeJS.ProcessEnv): TextSink {
  return writesToJournal(env) ? journalErrorSink(process.stderr) : process.stderr;
}

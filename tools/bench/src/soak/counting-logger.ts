import { describeError, type LogFields, type Logger } from '@venfleet/core';

/** Counts what is logged at level warn or error, by message: a day's log must not be what the memory grows by. */
export class CountingLogger implements Logger {
  readonly counts = new Map<string, number>();

  debug(): void {}
  info(): void {}

  warn(fields: LogFields, message: string): void {
    this.#count('warn', fields, message);
  }

  error(fields: LogFields, message: string): void {
    this.#count('error', fields, message);
  }

  child(): Logger {
    return this;
  }

  isEnabled(level: string): boolean {
    return level === 'warn' || level === 'error';
  }

  #count(level: string, { err, reason, alarm, alert }: LogFields, message: string): void {
    const detail = err === undefined ? [alarm, alert, reason].filter((part) => part !== undefined) : [describeError(err)];
    // Numbers differ each time and would make each message one of its own.
    const key = `${level}: ${[message, ...detail].join(': ')}`.replaceAll(/\d[\d.,]*/g, 'N').slice(0, 200);
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }
}

import type { LogFields, Logger, LogLevel } from '../ports.js';

export interface LogLine {
  readonly level: LogLevel;
  readonly fields: LogFields;
  readonly message: string;
}

/** Keeps every line, for tests that assert on what was logged. */
export class MemoryLogger implements Logger {
  readonly lines: LogLine[];
  readonly #fields: LogFields;

  constructor(fields: LogFields = {}, lines: LogLine[] = []) {
    this.#fields = fields;
    this.lines = lines;
  }

  debug(fields: LogFields, message: string): void {
    this.#add('debug', fields, message);
  }
  info(fields: LogFields, message: string): void {
    this.#add('info', fields, message);
  }
  warn(fields: LogFields, message: string): void {
    this.#add('warn', fields, message);
  }
  error(fields: LogFields, message: string): void {
    this.#add('error', fields, message);
  }
  child(fields: LogFields): Logger {
    return new MemoryLogger({ ...this.#fields, ...fields }, this.lines);
  }
  isEnabled(): boolean {
    return true;
  }

  #add(level: LogLevel, fields: LogFields, message: string): void {
    this.lines.push({ level, fields: { ...this.#fields, ...fields }, message });
  }
}

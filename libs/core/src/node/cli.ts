import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { describeError, isAbort, isVenfleetError, VenfleetError } from '../errors.js';
import { fileProblem } from './files.js';
import type { TextSink } from './journal.js';

export { Command, InvalidArgumentError, Option } from 'commander';

/** Exit status for a command line that makes no sense; 1 is for work that failed. */
export const EXIT_USAGE = 2;

/**
 * A program whose commands refuse unknown options and surplus arguments. Each app builds one and hands
 * it to {@link runCli}; each of its commands is an Nx target of the same name.
 */
export function createProgram(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .allowExcessArguments(false)
    .showHelpAfterError('(--help shows the options)')
    .configureHelp({ sortSubcommands: true })
    .exitOverride()
    .addHelpText('after', '\nPaths are relative to the current directory; Nx runs each target in the workspace root.');
}

/** Adds a command to `program` that inherits its strictness. */
export function addCommand(program: Command, name: string, description: string): Command {
  return program.command(name).description(description).allowExcessArguments(false).exitOverride();
}

/**
 * Runs a program's command line and sets the exit status: 0, 1 for failure, 2 for wrong usage. Errors
 * go to standard error as `error: what happened`, then details and the hint. `--describe` prints the
 * commands and options as JSON; the Nx targets' help is made from it.
 * @param errors where errors go
 */
export async function runCli(
  program: Command,
  argv: readonly string[] = process.argv,
  errors: TextSink = process.stderr,
): Promise<void> {
  process.stdout.off('error', endWithReader).on('error', endWithReader);
  process.stderr.off('error', goOnUnheard).on('error', goOnUnheard);
  if (argv[2] === '--describe') {
    process.stdout.write(`${JSON.stringify(describeProgram(program))}\n`);
    return;
  }
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE;
    else process.exitCode = reportError(error, errors);
  }
}

/** A closed pipe (`… | head`) is the reader's way to say that it has seen enough; a full disk is a failure. */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit();
  process.stderr.write(`error: cannot write the output: ${fileProblem(error)}\n`);
  process.exit(1);
}

/** Nobody listens to progress and errors any more, which is no reason to leave the work half done. */
function goOnUnheard(): void {}

/** Writes an error for people to standard error and returns the exit status that fits. */
export function reportError(error: unknown, stream: TextSink = process.stderr): number {
  if (isAbort(error)) {
    const reason = (error as Error).cause;
    stream.write(`${describeError(isAbort(reason) ? reason : error)}\n`);
    return 130;
  }
  if (!isVenfleetError(error)) {
    stream.write(`internal error: ${(error as Partial<Error> | undefined)?.stack ?? describeError(error)}\n`);
    return 1;
  }
  stream.write(`error: ${error.message}\n`);
  for (const detail of error.details) stream.write(`  ${detail}\n`);
  if (error.cause !== undefined && !error.message.includes(describeError(error.cause))) {
    stream.write(`  cause: ${describeError(error.cause)}\n`);
  }
  if (error.hint !== undefined) stream.write(`  hint: ${error.hint}\n`);
  return error.code === 'USAGE' ? EXIT_USAGE : 1;
}

/** An error for a combination of options that the parser alone cannot refuse. */
export function usageError(message: string, hint?: string): VenfleetError {
  return new VenfleetError('USAGE', message, hint === undefined ? {} : { hint });
}

/** Prints a result: one line of JSON (a pipe's next program can find it among other output), or text. */
export function printResult(json: boolean | undefined, result: unknown, text: () => string): void {
  process.stdout.write(`${json ? JSON.stringify(result) : text()}\n`);
}

/** An option parser for whole numbers in min…max. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (!/^[+-]?\d+$/.test(value) || number < min || number > max) {
      const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
      throw new InvalidArgumentError(`It must be a whole number ${range}.`);
    }
    return number;
  };
}

export interface CommandDescription {
  readonly name: string;
  readonly description: string;
  readonly options: readonly {
    readonly flags: string;
    readonly name: string;
    readonly description: string;
    readonly takesValue: boolean;
  }[];
}

/** The commands and options of a program as data. */
export function describeProgram(program: Command): CommandDescription[] {
  return program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    options: command.options
      .filter((option) => !option.hidden)
      .map((option) => ({
        flags: option.flags,
        name: (option.long ?? option.flags).replace(/^--/, ''),
        description:
          option.description +
          (option.defaultValue === undefined || typeof option.defaultValue === 'boolean'
            ? ''
            : ` (default: ${option.defaultValue})`),
        takesValue: option.required || option.optional,
      })),
  }));
}

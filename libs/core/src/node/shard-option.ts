import { hostname } from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import type { Shard } from '../shard.js';

/** `--shard I/N` or `auto/N`, for every command that works on a part of a fleet. */
export function addShardOption(command: Command): Command {
  return command.option(
    '--shard <I/N>',
    'only the I-th of N parts of the fleet, whole VENs; auto/N takes I from the number that ends the host name, as of a StatefulSet',
    (text) => parseShard(text),
  );
}

/**
 * @param host its number counts from 0: on `ven-agent-0`, `auto/3` is 1/3
 * @throws InvalidArgumentError
 */
export function parseShard(text: string, host: string = hostname()): Shard {
  const [, which, number] = /^(auto|\d{1,4})\/(\d{1,4})$/.exec(text) ?? [];
  if (which === undefined) throw new InvalidArgumentError('It must be I/N, with I from 1 to N, or auto/N: 2/3.');
  const count = Number(number);
  const index = which === 'auto' ? ordinalOf(host) + 1 : Number(which);
  if (index >= 1 && index <= count) return { index, count };
  throw new InvalidArgumentError(
    which === 'auto'
      ? `The host ${host} is number ${index} counted from 1, and there are ${count} parts: N must be the number of replicas.`
      : 'It must be I/N, with I from 1 to N: 2/3.',
  );
}

function ordinalOf(host: string): number {
  const [, ordinal] = /-(\d{1,4})(?:\.|$)/.exec(host) ?? [];
  if (ordinal !== undefined) return Number(ordinal);
  throw new InvalidArgumentError(
    `The host name ${host} does not end with a number, as ven-agent-0 does: say which part it is, I/N.`,
  );
}

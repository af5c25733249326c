import { type HasNow, systemClock } from '@venfleet/core';
import { addCommand, type Command, printResult } from '@venfleet/core/node';
import { planFileRestore, planRestore, type RestorePlan, restore } from './restore.js';
import type { BackupMember, BackupSet } from './set.js';
import { takeBackup } from './take.js';
import { finishRestore, unfinishedRestore } from './unfinished.js';

export interface BackupCommands<Flags> {
  /** What is backed up, for the help: "all databases of the agent". */
  readonly what: string;
  /** Who must be stopped before a restore: "the agent". */
  readonly user: string;
  /** Adds the options that say where the databases are. */
  readonly options: (command: Command) => Command;
  readonly setOf: (flags: Flags) => BackupSet;
  readonly clock?: HasNow;
}

/** `backup FOLDER` and `restore FOLDER` for all databases of a program. */
export function addBackupCommands<Flags extends object>(program: Command, commands: BackupCommands<Flags>): void {
  const { what, options, setOf, clock = systemClock } = commands;
  options(addCommand(program, 'backup', `Copies ${what} into a new folder, while they are in use`))
    .argument('<folder>', 'must not exist, or be empty')
    .option('--json', 'print the manifest as one line of JSON')
    .action(async (folder: string, flags: Flags & { json?: boolean }) => {
      const manifest = await takeBackup(setOf(flags), folder, clock);
      printResult(flags.json, { folder, ...manifest }, () =>
        [
          `Backed up to ${folder}, ${manifest.takenAt}`,
          ...manifest.databases.map(
            ({ name, bytes, schemaVersion }) => `  ${name}  ${megabytes(bytes)}, schema ${schemaVersion}`,
          ),
          ...(manifest.absent.length === 0 ? [] : [`Not there yet: ${manifest.absent.join(', ')}`]),
        ].join('\n'),
      );
    });
  addRestoreOptions(
    options(addCommand(program, 'restore', `Puts a backup in the place of ${what}; stop ${commands.user} first`)).argument(
      '<folder>',
      'that `backup` has written',
    ),
  ).action(async (folder: string, flags: Flags & RestoreFlags) => {
    const set = setOf(flags);
    if (!flags.dryRun && finished(set.anchor, flags)) return;
    carryOut(await planRestore(set, folder, clock), flags);
  });
}

/** `restore FILE` for a program of one database, which is copied to a single file. */
export function addFileRestore<Flags extends object>(
  program: Command,
  { what, options, memberOf }: Pick<BackupCommands<Flags>, 'what' | 'options'> & { memberOf: (flags: Flags) => BackupMember },
): void {
  const command = addCommand(program, 'restore', `Puts a copy in the place of ${what}, which nobody may be writing to`);
  addRestoreOptions(options(command).argument('<file>', 'that `backup` has written')).action(
    (file: string, flags: Flags & RestoreFlags) => {
      const member = memberOf(flags);
      if (!flags.dryRun && finished(member.path, flags)) return;
      carryOut(planFileRestore(member, file, systemClock), flags);
    },
  );
}

interface RestoreFlags {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

function addRestoreOptions(command: Command): Command {
  return command
    .option('--dry-run', 'check everything and say what would be done, but do nothing')
    .option('--json', 'print the result as one line of JSON');
}

/** An earlier restore that was killed is finished in place of a new one: it is most likely the same. */
function finished(anchor: string, { json }: RestoreFlags): boolean {
  const journal = unfinishedRestore(anchor);
  if (journal === undefined) return false;
  finishRestore(anchor, journal);
  const text = `Finished the restore of ${journal.from} that was stopped half-way; to restore something else, run it again`;
  printResult(json, { finished: true, from: journal.from, restored: journal.moves.map(({ to }) => to) }, () => text);
  return true;
}

function carryOut(plan: RestorePlan, { dryRun = false, json }: RestoreFlags): void {
  restore(plan, { dryRun });
  const steps = plan.steps.map(({ member, from, aside }) => ({
    database: member.path,
    from: from ?? null,
    keptIn: aside ?? null,
  }));
  printResult(json, { finished: !dryRun, from: plan.from, takenAt: plan.takenAt ?? null, steps }, () => planText(plan, dryRun));
}

function planText({ from, takenAt, steps }: RestorePlan, dryRun: boolean): string {
  const folders = [...new Set(steps.flatMap(({ aside }) => (aside === undefined ? [] : [aside])))];
  const kept = dryRun ? 'What is there now would be kept in' : 'What was there is kept in';
  return [
    `${dryRun ? 'Would restore' : 'Restored'} ${from}${takenAt === undefined ? '' : `, taken at ${takenAt}`}`,
    ...steps.map(
      ({ member, from: file }) => `  ${member.path}  ${file === undefined ? 'goes: the backup has none' : `from ${member.name}`}`,
    ),
    ...folders.map((folder) => `${kept} ${folder}`),
    ...(dryRun ? ['Nothing was changed (dry run)'] : []),
  ].join('\n');
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toLocaleString('en', { maximumFractionDigits: 1 })} MB`;

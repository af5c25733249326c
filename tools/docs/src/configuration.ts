import type { CommandDescription } from '@venfleet/core/node';
import { fleetConfigSchema } from '@venfleet/resource-db';
import { configSchema } from '@venfleet/ven-agent';
import { table } from './markdown.js';
import { code, type Setting, settingsOf } from './settings.js';

/** A program and what it says of its commands. */
export interface Program {
  readonly name: string;
  readonly commands: readonly CommandDescription[];
}

/** docs/configuration.md: every key of the settings files, every option of the commands. */
export function configurationPage(programs: readonly Program[]): string {
  return [
    '# Configuration',
    '<!-- Written by `npm run docs` from the schemas and the programs themselves: change those, and run it again. -->',
    INTRODUCTION,
    '## The agent: `config/ven-agent.yaml`',
    AGENT,
    ...sections(settingsOf(configSchema)),
    '## The fleet: `config/fleet.yaml`',
    FLEET,
    ...sections(settingsOf(fleetConfigSchema)),
    '## Commands',
    COMMANDS,
    ...programs.flatMap(commandTables),
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n');
}

const INTRODUCTION = `Two files and the commands' options say how everything runs. A file that holds a mistake is refused as a whole, with every
mistake at once, as \`FILE:LINE: key: reason\`; a key that is not known is a mistake. Keys carry their unit: \`Ms\`
milliseconds, \`S\` seconds, \`H\` hours, \`Kw\` kilowatts, \`Kwh\` kilowatt-hours, \`A\` amperes, \`MiB\` 1,048,576 bytes.

Device profiles have a page of their own: [add a device](add-a-device.md). The credentials file is in the README, [swapping
in a real VTN](../README.md#swapping-in-a-real-vtn).`;

const AGENT = `Copy [config/ven-agent.example.yaml](../config/ven-agent.example.yaml) to \`config/ven-agent.yaml\`, or name another file by
\`--config\` or \`VENFLEET_CONFIG\`. What is given on the command line goes first, then the environment, then the file, then
the default. A secret is never in the file: it is a reference, \`env:NAME\` or \`file:PATH\`.`;

const FLEET = `What \`resource-db:prepare\` has to know beside the CSV files ([the resource database](resource-db.md)); \`--config\` names another
file.`;

const COMMANDS = 'Each also has `--help`. As an Nx target, `PROGRAM COMMAND` is `npx nx run PROGRAM:COMMAND`.';

/** A heading and a table for each group at the top of a file; keys beside the groups come first. */
function sections(settings: readonly Setting[]): string[] {
  const plain = settings.filter(({ path, isGroup }) => path.length === 1 && !isGroup);
  const groups = settings.filter(({ path, isGroup }) => path.length === 1 && isGroup);
  return [
    ...(plain.length === 0 ? [] : [settingsTable(plain, 0)]),
    ...groups.flatMap(({ path: [name], description }) => [
      `### \`${name}\``,
      ...(description === '' ? [] : [sentence(description)]),
      settingsTable(
        settings.filter(({ path }) => path.length > 1 && path[0] === name),
        1,
      ),
    ]),
  ];
}

function settingsTable(settings: readonly Setting[], depth: number): string {
  return table(
    ['key', 'is', 'default', 'meaning'],
    settings.map((setting) => [
      code(setting.path.slice(depth).join('.')),
      setting.type,
      defaultOf(setting),
      [setting.description, ...(setting.env === undefined ? [] : [environment(setting.env)])].filter(Boolean).join(' '),
    ]),
  );
}

function defaultOf({ defaultValue, otherwise, isRequired }: Setting): string {
  if (defaultValue !== undefined) return code(defaultValue);
  return otherwise ?? (isRequired ? 'must be given' : '');
}

function environment(names: string): string {
  return `[${names.split(', ').map(code).join(', ')}]`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function commandTables({ name, commands }: Program): string[] {
  return commands.flatMap((command) => [
    `### \`${name} ${command.name}\``,
    `${command.description.replace(/\.$/, '')}.`,
    ...(command.options.length === 0
      ? []
      : [
          table(
            ['option', 'does'],
            command.options.map(({ flags, description }) => [code(flags), escaped(description)]),
          ),
        ]),
  ]);
}

/** Descriptions are plain text: what looks like Markdown or HTML in them is none. */
function escaped(text: string): string {
  return text.replaceAll(/[<>*_]/g, (sign) => `\\${sign}`);
}

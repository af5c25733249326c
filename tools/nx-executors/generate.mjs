/**
 * Writes executors.json and one schema for each command, from what the built programs say of
 * themselves (`node dist/main.js --describe`). `--check` only tells whether the files are up to date.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');
const check = process.argv.includes('--check');

/** Every program that is run by targets whose executor is ours, with these: a project's own, unless a target names another's. */
function programs() {
  const projects = ['libs', 'apps']
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(folder, name)))
    .filter((folder) => existsSync(join(root, folder, 'package.json')));
  const found = new Map();
  for (const folder of projects) {
    const { nx } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    for (const [target, { executor, options }] of Object.entries(nx.targets ?? {})) {
      if (!executor?.startsWith('@venfleet/nx-executors:')) continue;
      const key = `${nx.name} ${options?.program ?? folder}`;
      const program = found.get(key) ?? { folder: options?.program ?? folder, name: nx.name, targets: [] };
      found.set(key, { ...program, targets: [...program.targets, target] });
    }
  }
  return [...found.values()];
}

/**
 * Nx makes a number of `3`, an array of a repeated option and true of one without its value before it compares types; what
 * is wrong the command tells better.
 */
const ANY_VALUE = { oneOf: ['string', 'number', 'array', 'boolean'].map((type) => ({ type })) };

function schemaOf(command) {
  const properties = Object.fromEntries(
    command.options.map(({ name, description, takesValue }) => [
      name,
      { ...(takesValue ? ANY_VALUE : { type: 'boolean' }), description },
    ]),
  );
  return {
    $schema: 'https://json-schema.org/schema',
    version: 2,
    title: command.name,
    description: command.description,
    type: 'object',
    // The command itself refuses what it does not know, with a better message.
    additionalProperties: true,
    properties: {
      ...properties,
      __unparsed__: {
        hidden: true,
        type: 'array',
        items: { type: 'string' },
        $default: { $source: 'unparsed' },
        'x-priority': 'internal',
      },
    },
  };
}

mkdirSync(join(here, 'schemas'), { recursive: true });
const files = new Map();
const executors = {};
for (const { folder, name, targets } of programs()) {
  const commands = JSON.parse(
    execFileSync(process.execPath, [join(root, folder, 'dist/main.js'), '--describe'], { encoding: 'utf8' }),
  );
  for (const target of targets) {
    const command = commands.find((c) => c.name === target);
    if (command === undefined)
      throw new Error(`${folder}/package.json has the target ${target}, but the program has no such command`);
    const key = `${name}-${target}`;
    executors[key] = { implementation: './run-command.cjs', schema: `./schemas/${key}.json`, description: command.description };
    files.set(`schemas/${key}.json`, schemaOf(command));
  }
}
files.set('executors.json', { executors });

const stale = [...files].filter(([path, content]) => {
  const file = join(here, path);
  return !existsSync(file) || readFileSync(file, 'utf8') !== `${JSON.stringify(content, null, 2)}\n`;
});
const surplus = readdirSync(join(here, 'schemas')).filter((name) => !files.has(`schemas/${name}`));
if (check) {
  for (const [path] of stale) process.stderr.write(`tools/nx-executors/${path} is out of date: run npm run nx-help\n`);
  for (const name of surplus) process.stderr.write(`tools/nx-executors/schemas/${name} belongs to no command: delete it\n`);
  process.exitCode = stale.length + surplus.length > 0 ? 1 : 0;
} else {
  for (const [path, content] of stale) writeFileSync(join(here, path), `${JSON.stringify(content, null, 2)}\n`);
}

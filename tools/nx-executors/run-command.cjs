/**
 * The one implementation behind every Nx target that is a command of a program: runs
 * `node PROJECT/dist/main.js TARGET …` in the workspace root with exactly the arguments that were
 * given; a target's option `program` names the folder of another program. Nx's own run-commands would do
 * that too, but answers `--help` with its own options; an executor with a schema of its own lets
 * `nx run PROJECT:TARGET --help` show the command's.
 */
const { spawn } = require('node:child_process');
const { join } = require('node:path');

module.exports.default = function runCommand(options, context) {
  const project = context.projectsConfigurations.projects[context.projectName];
  const main = join(context.root, options.program ?? project.root, 'dist', 'main.js');
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [main, context.targetName, ...(options.__unparsed__ ?? [])], {
      cwd: context.root,
      stdio: 'inherit',
    });
    // Nx passes an interrupt to the whole process group; the command decides when it is finished.
    const forward = (signal) => child.kill(signal);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => forward(signal));
    child.on('error', (error) => {
      process.stderr.write(`error: cannot start ${main}: ${error.message}\n`);
      resolve({ success: false });
    });
    child.on('exit', (code) => resolve({ success: code === 0 }));
  });
};

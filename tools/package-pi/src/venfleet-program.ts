import { addCommand, errorSink, runCli } from '@venfleet/core/node';
import { addImportConnections, addResourceDbCommands, DEFAULT_FILES } from '@venfleet/resource-db/cli';
import { buildProgram } from '@venfleet/ven-agent/cli';

/** Put in when it is bundled. */
declare const VENFLEET_VERSION: string;

/** The command `venfleet` of an installed VEN: the agent's commands, and those of its database below `db`. */
export async function runVenfleet(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const program = buildProgram(env).name('venfleet').version(VENFLEET_VERSION, '-V, --version', 'print the version');
  addImportConnections(program, DEFAULT_FILES);
  addResourceDbCommands(addCommand(program, 'db', "The VEN's database: its resources and how they are connected"));
  await runCli(program, argv, errorSink(env));
}

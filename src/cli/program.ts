/** The commands of `cryptopolicy`, a file each. What a command needs is loaded when it runs. */
import { Command, Option } from 'commander'
import type { CommandDefinition } from './command.ts'
import { addBuild } from './commands/build.ts'
import { addDiff } from './commands/diff.ts'
import { addExplain } from './commands/explain.ts'
import { addLint } from './commands/lint.ts'
import { addList } from './commands/list.ts'
import { addPlan } from './commands/plan.ts'
import { addResolve } from './commands/resolve.ts'
import { addShow } from './commands/show.ts'
import { PROGRAM_VERSION } from './version.ts'

const COMMANDS: readonly CommandDefinition[] = [
  addBuild,
  addShow,
  addPlan,
  addDiff,
  addExplain,
  addLint,
  addResolve,
  addList,
]

const HELP = `
Each command has a manual page: docs/cryptopolicy-COMMAND.md.
Exit status: 0 done; 1 the answer is no; 2 changes pending; 64 wrong usage; 65 bad input;
66 input missing; 69 unavailable; 70 a bug; 73 cannot write; 77 no permission.`

export function createProgram(): Command {
  const program = new Command('cryptopolicy')
    .description('One crypto policy for every library of a host: compile, explain, compare, check.')
    .version(PROGRAM_VERSION)
    .addOption(new Option('--debug', 'print stack traces').hideHelp())
    .addHelpText('after', HELP)
    .exitOverride()
  for (const add of COMMANDS) add(program)
  for (const command of program.commands) configure(command)
  return program
}

/** Settings that commander does not hand down to commands. */
function configure(command: Command): void {
  command
    .addOption(new Option('--debug', 'print stack traces').hideHelp())
    .allowExcessArguments(false)
    .showHelpAfterError(`hint: see cryptopolicy ${command.name()} --help`)
    .exitOverride()
}

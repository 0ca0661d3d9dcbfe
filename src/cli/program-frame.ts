/** What every command line of `cryptopolicy` has, whichever of its commands it holds. */
import { Command, Option } from 'commander'
import type { CommandDefinition } from './command.ts'
import { PROGRAM_VERSION } from './version.ts'

const HELP = `
Each command has a manual page: docs/cryptopolicy-COMMAND.1.md.
Exit status: 0 done; 1 the answer is no; 2 changes pending; 64 wrong usage; 65 bad input;
66 input missing; 69 unavailable; 70 a bug; 73 cannot write; 77 no permission.`

/** The program with these commands. */
export function frameProgram(commands: readonly CommandDefinition[]): Command {
  const program = new Command('cryptopolicy')
    .description('One crypto policy for every library of a host: compile, explain, compare, check.')
    .version(PROGRAM_VERSION)
    .addOption(new Option('--debug', 'print stack traces').hideHelp())
    .addHelpText('after', HELP)
    .showHelpAfterError('hint: see cryptopolicy --help')
    .exitOverride()
  for (const add of commands) add(program)
  for (const command of program.commands) configure(command)
  return program
}

/** Settings that commander does not hand down to commands. */
function configure(command: Command, group = 'cryptopolicy'): void {
  const name = `${group} ${command.name()}`
  command
    .addOption(new Option('--debug', 'print stack traces').hideHelp())
    .allowExcessArguments(false)
    .showHelpAfterError(`hint: see ${name} --help`)
    .exitOverride()
  for (const part of command.commands) configure(part, name)
}

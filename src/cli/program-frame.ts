/** What every command line of `cryptopolicy` has, whichever of its commands it holds. */
import { Command, Option } from 'commander'
import { PROGRAM_VERSION } from '../diagnostics/program-version.ts'
import type { CommandDefinition } from './command.ts'
import { addHelp } from './help.ts'
import { refuseInWords } from './usage-error.ts'

const PROGRAM = 'cryptopolicy'

const HELP = `
Each command has a manual page: docs/cryptopolicy-COMMAND.1.md.
Exit status: 0 done; 1 the answer is no; 2 changes pending; 64 wrong usage; 65 bad input;
66 input missing; 69 unavailable; 70 a bug; 73 cannot write; 77 no permission.`

/** The program with these commands. */
export function frameProgram(commands: readonly CommandDefinition[]): Command {
  const program = new Command(PROGRAM)
    .description(
      'One crypto policy for every library of a host: compare and explain it, and run what obeys it.\n' +
        'To put a policy in force, use update-policies.',
    )
    // A line for each command: what it takes is in its own help.
    .configureHelp({ subcommandTerm })
    .version(PROGRAM_VERSION)
    // An option behind a command is that command's, also where the command before it has one of that name.
    .enablePositionalOptions()
    .addOption(new Option('--debug', 'print stack traces').hideHelp())
    .addHelpText('after', HELP)
  for (const add of [...commands, addHelp]) add(program)
  refuseInWords(program, PROGRAM, '')
  for (const command of program.commands) configure(command)
  return program
}

/** A command of a group is listed with its arguments; those of the program would leave no room. */
function subcommandTerm(command: Command): string {
  if (!command.parent?.parent) return command.name()
  const words = command.registeredArguments.map((argument) => {
    const name = argument.name() + (argument.variadic ? '...' : '')
    return argument.required ? `<${name}>` : `[${name}]`
  })
  return [command.name(), ...words].join(' ')
}

/** Of commands whose words are taken for something else than was meant. */
const HINTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  // A command of the human monitor has flags of its own: info block -n.
  qmp: {
    'commander.unknownOption': `what begins with - needs -- before the command: ${PROGRAM} qmp SOCKET --hmp -- info block -n`,
  },
  plan: { 'commander.excessArguments': `name the policy so: ${PROGRAM} plan --set POLICY` },
}

/** Settings that commander does not hand down to commands. */
function configure(command: Command, group = ''): void {
  const name = `${group} ${command.name()}`.trimStart()
  if (command.commands.length > 0) addHelp(command)
  command
    .addOption(new Option('--debug', 'print stack traces').hideHelp())
    .allowExcessArguments(false)
  refuseInWords(command, `${PROGRAM} ${name}`, name, HINTS[name])
  for (const part of command.commands) configure(part, name)
}

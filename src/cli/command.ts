/** What a file of commands/ declares, and what each command finds around it. */
import type { Command } from 'commander'
import { Terminal } from './terminal.ts'

/** Adds one command to the program. */
export type CommandDefinition = (program: Command) => void

/** Options that every command has. */
export type CommonOptions = {
  readonly json?: true
  readonly quiet?: true
  readonly baseDir?: string
  readonly profileDir?: string
}

/** The terminal that the common options ask for. */
export function terminalFor(options: CommonOptions): Terminal {
  return new Terminal({ json: options.json ?? false, quiet: options.quiet ?? false })
}

/** Adds the options that name the host's folders. */
export function withDirectories(command: Command): Command {
  return command
    .option('--base-dir <DIR>', 'where config, local.d and local policies are')
    .option('--profile-dir <DIR>', 'where shipped policies are')
}

/** Adds the options of output. */
export function withOutput(command: Command): Command {
  return command
    .option('--json', 'print the result as JSON')
    .option('-q, --quiet', 'print results and errors only')
}

/** A group of commands, such as `cryptopolicy nbd`, which are loaded only where it is named. */
import type { CommandDefinition } from './command.ts'

export type CommandGroup = {
  readonly name: string
  readonly summary: string
  readonly description: string
  readonly load: () => Promise<readonly CommandDefinition[]>
}

/** The group with its commands; for other command lines without them: the help needs none. */
export async function defineGroup(
  { name, summary, description, load }: CommandGroup,
  args: readonly string[],
): Promise<CommandDefinition> {
  const commands = args.includes(name) ? await load() : []
  return (program) => {
    const group = program.command(name).summary(summary).description(description)
    for (const add of commands) add(group)
  }
}

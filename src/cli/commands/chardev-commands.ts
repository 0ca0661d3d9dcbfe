/** `cryptopolicy chardev`: the commands on character devices. */
import type { Command } from 'commander'
import { type ChardevCommandOptions, withChardevOptions } from '../chardev-options.ts'
import type { CommandDefinition } from '../command.ts'

const SUMMARIES = {
  listen: 'let clients connect to a console',
  connect: 'connect to a console',
} as const

function define(verb: 'listen' | 'connect'): CommandDefinition {
  return (group: Command) => {
    const command = group
      .command(verb)
      .summary(SUMMARIES[verb])
      .description(
        verb === 'listen'
          ? 'Listen for clients, and join them to what --to says: a terminal, a program, another socket.'
          : 'Connect to a server, and join it to what --to says: a terminal, a program, another socket.',
      )
    withChardevOptions(command).action(async (options: ChardevCommandOptions) => {
      const { runChardev } = await import('../chardev-service.ts')
      await runChardev(verb, options)
    })
  }
}

export const CHARDEV_COMMANDS: readonly CommandDefinition[] = [define('listen'), define('connect')]

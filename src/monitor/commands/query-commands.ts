/** `query-commands` */
import { listOf, STR, struct } from '../schema/qapi-types.ts'
import { type Command, defineCommand } from './define-command.ts'

const COMMAND = struct('CommandInfo', { name: STR })

export function queryCommands(commands: () => Iterable<Command>): Command {
  return defineCommand({
    name: 'query-commands',
    returns: listOf(COMMAND),
    run: () => [...commands()].map(({ name }) => ({ name })),
  })
}

/** `query-qmp-schema` */
import type { JsonObject } from '../protocol/json-value.ts'
import { describeSchema } from '../schema/introspection.ts'
import { ANY, listOf } from '../schema/qapi-types.ts'
import { type Command, defineCommand } from './define-command.ts'
import { EVENTS } from './events.ts'

/** @param commands As of the first question: they never change. */
export function queryQmpSchema(commands: () => Iterable<Command>): Command {
  let described: readonly JsonObject[] | undefined
  return defineCommand({
    name: 'query-qmp-schema',
    returns: listOf(ANY),
    run: () => {
      described ??= describeSchema([...commands()], EVENTS)
      return described
    },
  })
}

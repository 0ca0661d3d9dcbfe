/** What a QMP command declares: its name, its types, and what it does. */
import type { HostEndpoints } from '../host/host-endpoints.ts'
import type { JsonValue } from '../protocol/json-value.ts'
import { NO_MEMBERS, type QapiType, type StructType, type ValueOf } from '../schema/qapi-types.ts'

export type Command = {
  readonly name: string
  readonly arguments: StructType
  readonly returns: QapiType
  /** May be executed at once, though others wait (`exec-oob`); it never waits for anything itself. */
  readonly isOutOfBand?: boolean
  /**
   * Executes it with arguments that were checked.
   *
   * @returns undefined for an empty object.
   * @throws QmpError, DiagnosticError
   */
  readonly run: (
    host: HostEndpoints,
    args: unknown,
  ) => Promise<JsonValue | undefined> | JsonValue | undefined
}

type Definition<Arguments extends StructType> = {
  readonly name: string
  readonly arguments?: Arguments
  readonly returns?: QapiType
  readonly isOutOfBand?: boolean
  readonly run: (
    host: HostEndpoints,
    args: ValueOf<Arguments>,
  ) => Promise<JsonValue | undefined> | JsonValue | undefined
}

export function defineCommand<Arguments extends StructType>(
  definition: Definition<Arguments>,
): Command {
  const { arguments: args = NO_MEMBERS, returns = NO_MEMBERS } = definition
  const run = definition.run as Command['run']
  return { ...definition, arguments: args, returns, run }
}

/** What a command of the human monitor declares: its words, and the command of QMP that it is or what it does. */
import type { HostEndpoints } from '../host/host-endpoints.ts'
import type { JsonObject, JsonValue } from '../protocol/json-value.ts'

export type HumanParameter = {
  readonly name: string
  readonly isOptional?: boolean
  /** It is the name of a block node. */
  readonly isDevice?: boolean
  /** It takes the rest of the line, as it is. */
  readonly isRest?: boolean
  /** A number of 32 bits. */
  readonly isNumber?: boolean
}

/** The words of a line by the names of the parameters, and the flags that were given. */
export type HumanValues = {
  readonly text: (name: string) => string
  readonly optional: (name: string) => string | undefined
  readonly has: (flag: string) => boolean
}

export type HumanRequest = { readonly command: string; readonly arguments: JsonObject }

type HumanWords = {
  readonly name: string
  /** One letter that is typed in its place. */
  readonly letter?: string
  /** Names of other releases. */
  readonly aliases?: readonly string[]
  /** Letters of flags: `-d`. */
  readonly flags?: readonly string[]
  readonly parameters: readonly HumanParameter[]
  /** One line, for `help`. */
  readonly summary: string
}

export type QmpCounterpart = {
  /** @throws QmpError */
  readonly toRequest: (values: HumanValues, host: HostEndpoints) => HumanRequest
  /** What is done when the command has succeeded. @throws QmpError, DiagnosticError */
  readonly afterwards?: (host: HostEndpoints, values: HumanValues) => Promise<void>
  /** Nothing is told without it. */
  readonly print?: (result: JsonValue, values: HumanValues) => string
}

type OwnCommand = {
  /** Executes it, and tells what there is to tell. @throws QmpError, DiagnosticError */
  readonly run: (host: HostEndpoints, values: HumanValues) => Promise<string>
}

export type HumanCommand = HumanWords & (QmpCounterpart | OwnCommand)

export function request(command: string, args: JsonObject = {}): HumanRequest {
  return { command, arguments: args }
}

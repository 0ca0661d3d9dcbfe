/** What a command of the human monitor declares: its words, the command of QMP that it is, and how its result is told. */
import type { JsonObject, JsonValue } from '../protocol/json-value.ts'

type HumanParameter = {
  readonly name: string
  readonly isOptional?: boolean
  /** It takes the rest of the line, as it is. */
  readonly isRest?: boolean
}

/** The words of a line by the names of the parameters, and the flags that were given. */
export type HumanValues = {
  readonly text: (name: string) => string
  readonly optional: (name: string) => string | undefined
  readonly has: (flag: string) => boolean
}

export type HumanRequest = { readonly command: string; readonly arguments: JsonObject }

export type HumanCommand = {
  readonly name: string
  readonly aliases?: readonly string[]
  /** Letters of flags: `-d`. */
  readonly flags?: readonly string[]
  readonly parameters: readonly HumanParameter[]
  /** One line, for `help`. */
  readonly summary: string
  /** @throws QmpError */
  readonly toRequest: (values: HumanValues) => HumanRequest
  /** Nothing is told without it. */
  readonly print?: (result: JsonValue) => string
}

export function request(command: string, args: JsonObject = {}): HumanRequest {
  return { command, arguments: args }
}

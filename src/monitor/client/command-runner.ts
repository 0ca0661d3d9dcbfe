/** Runs commands as users write them: words with `key=value`, or whole requests in JSON. */
import { DiagnosticError, fail } from '../../diagnostics/diagnostic.ts'
import { isJsonObject, type JsonObject, type JsonValue, memberOf } from '../protocol/json-value.ts'
import { readArguments, readJsonObject } from './argument-words.ts'
import { QMP_CLIENT_KINDS } from './client-diagnostics.ts'
import { splitWords } from './command-words.ts'
import type { QmpClient } from './qmp-client.ts'
import { SchemaIndex } from './schema-index.ts'

export type CommandResult = { readonly command: string; readonly result: JsonValue }

export class CommandRunner {
  readonly #client: QmpClient
  readonly #isHuman: boolean
  #schema: Promise<SchemaIndex | undefined> | undefined

  /** @param isHuman Commands are those of `human-monitor-command`. */
  constructor(client: QmpClient, isHuman: boolean) {
    this.#client = client
    this.#isHuman = isHuman
  }

  /**
   * Runs a line; undefined where it has no command.
   *
   * @throws DiagnosticError QMP_...
   */
  async runLine(line: string): Promise<CommandResult | undefined> {
    if (this.#isHuman) {
      const text = line.trim()
      return text === '' ? undefined : this.#runHuman(text)
    }
    const words = splitWords(line)
    return words.length === 0 ? undefined : this.run(words)
  }

  /** Runs words. @throws DiagnosticError QMP_... */
  async run(words: readonly string[]): Promise<CommandResult> {
    if (this.#isHuman) return this.#runHuman(words.join(' '))
    const [command = '', ...rest] = words
    if (command.startsWith('{')) {
      return this.#runRequest(readJsonObject(command, 'the request'))
    }
    requireName(command)
    const schema = rest.length === 0 ? undefined : await this.schema()
    const args = readArguments(command, rest, schema)
    return { command, result: await this.#client.execute(command, args) }
  }

  /** What the monitor says of its commands; undefined where it is too old to say it. */
  schema(): Promise<SchemaIndex | undefined> {
    this.#schema ??= this.#client.execute('query-qmp-schema').then(
      (schema) => new SchemaIndex(schema),
      (error: unknown) => {
        if (error instanceof DiagnosticError && isRefusal(error)) return undefined
        throw error
      },
    )
    return this.#schema
  }

  async #runHuman(text: string): Promise<CommandResult> {
    const args = { 'command-line': text }
    const result = await this.#client.execute('human-monitor-command', args)
    return { command: text, result }
  }

  async #runRequest(request: JsonObject): Promise<CommandResult> {
    const isOutOfBand = memberOf(request, 'exec-oob') !== undefined
    const command = memberOf(request, isOutOfBand ? 'exec-oob' : 'execute')
    const args = memberOf(request, 'arguments') ?? {}
    const name = typeof command === 'string' ? command : ''
    const given = isJsonObject(args) ? args : {}
    return { command: name, result: await this.#client.execute(name, given, isOutOfBand) }
  }
}

/** A whole line in one word is not sent as a name: a refusal would show it, with the secrets in it. */
function requireName(command: string): void {
  if (!/[\s={]/.test(command)) return
  const reason = 'it is no name of a command; each argument is a word of its own'
  fail(QMP_CLIENT_KINDS.badArgument, { word: 'the first word', reason })
}

function isRefusal({ diagnostics }: DiagnosticError): boolean {
  return diagnostics.some(({ code }) => code === 'QMP_REFUSED')
}

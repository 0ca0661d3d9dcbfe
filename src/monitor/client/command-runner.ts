/** Runs commands as users write them: words with `key=value`, or whole requests in JSON. */
import { type Diagnostic, DiagnosticError, fail } from '../../diagnostics/diagnostic.ts'
import { didYouMean } from '../../diagnostics/suggestion.ts'
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
    return { command, result: await this.#execute(command, args) }
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
    return { command: name, result: await this.#execute(name, given, isOutOfBand) }
  }

  /** A key that is wrong is told with one that is right. */
  async #execute(command: string, args: JsonObject, isOutOfBand = false): Promise<JsonValue> {
    try {
      return await this.#client.execute(command, args, isOutOfBand)
    } catch (error) {
      if (!(error instanceof DiagnosticError) || !error.diagnostics.some(isOfKey)) throw error
      const schema = await this.schema().catch(() => undefined)
      const wrong = schema?.findUnknownKey(schema.argumentsOf(command), args)
      throw new DiagnosticError(error.diagnostics.map((one) => withHint(one, wrong)))
    }
  }
}

/** Of a key that is wrong QEMU says that it is unexpected, or that another is missing. */
function isOfKey({ code, message }: Diagnostic): boolean {
  return code === 'QMP_REFUSED' && /: Parameter '[^']+' is (?:unexpected|missing)$/.test(message)
}

function withHint(
  diagnostic: Diagnostic,
  wrong: ReturnType<SchemaIndex['findUnknownKey']>,
): Diagnostic {
  const hint = wrong && didYouMean(wrong.key, wrong.known)
  return hint === undefined ? diagnostic : { ...diagnostic, hint }
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

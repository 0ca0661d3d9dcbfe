/** A client of a QMP monitor: of this program, or of a QEMU of any release. */
import type { Duplex } from 'node:stream'
import { requireBoolean, requireString } from '../../arguments/single-values.ts'
import { type DiagnosticError, fail } from '../../diagnostics/diagnostic.ts'
import { JsonStream } from '../protocol/json-stream.ts'
import {
  isJsonList,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  memberOf,
} from '../protocol/json-value.ts'
import { printJsonValue } from '../protocol/print-json.ts'
import { requireJsonObject } from './client-arguments.ts'
import { QMP_CLIENT_KINDS } from './client-diagnostics.ts'
import type { QmpEvent } from './qmp-event.ts'

export type QmpClientOptions = {
  /** What messages call the monitor. */
  readonly name: string
  /** For its greeting, in milliseconds. */
  readonly timeout: number
  readonly onEvent?: (event: QmpEvent) => void
}

type Pending = {
  readonly command: string
  readonly resolve: (result: JsonValue) => void
  readonly reject: (error: unknown) => void
}

export class QmpClient {
  readonly #socket: Duplex
  readonly #options: QmpClientOptions
  readonly #pending = new Map<bigint, Pending>()
  readonly #greeting = Promise.withResolvers<JsonObject>()
  readonly #closed = Promise.withResolvers<void>()
  #commands: readonly string[] = []
  #count = 0n

  /**
   * Waits for the greeting and ends the negotiation. Out-of-band commands are enabled where the monitor has them.
   *
   * @param socket A connection to the monitor. It is the client's from now on.
   * @throws DiagnosticError QMP_SILENT, QMP_NOT_A_MONITOR, QMP_CLOSED
   */
  static async open(socket: Duplex, options: QmpClientOptions): Promise<QmpClient> {
    const client = new QmpClient(socket, options)
    const { name, timeout } = options
    const timer = setTimeout(
      () =>
        client.#fail(() =>
          fail(QMP_CLIENT_KINDS.silent, { monitor: name, seconds: timeout / 1000 }),
        ),
      timeout,
    )
    try {
      const greeting = await client.#greeting.promise
      const capabilities = memberOf(greeting, 'capabilities')
      const hasOutOfBand = isJsonList(capabilities) && capabilities.includes('oob')
      await client.execute('qmp_capabilities', hasOutOfBand ? { enable: ['oob'] } : {})
      return client
    } catch (error) {
      client.close()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  private constructor(socket: Duplex, options: QmpClientOptions) {
    this.#socket = socket
    this.#options = options
    this.#greeting.promise.catch(() => {})
    const { name: monitor } = options
    const stream = new JsonStream({
      onValue: (value) => this.#take(value),
      onError: ({ message: reason }) =>
        this.#fail(() => fail(QMP_CLIENT_KINDS.notAMonitor, { monitor, reason })),
    })
    socket
      .on('data', (bytes: Buffer) => stream.push(bytes))
      .on('error', () => {})
      .on('end', () => socket.destroy())
      .on('close', () => this.#onClose())
  }

  /** Resolves when the connection is closed, by either side. */
  get closed(): Promise<void> {
    return this.#closed.promise
  }

  /**
   * Executes a command.
   *
   * @returns what it returns; integers are bigint.
   * @throws DiagnosticError QMP_REFUSED, QMP_CLOSED
   */
  async execute(command: string, args: JsonObject = {}, isOutOfBand = false): Promise<JsonValue> {
    requireString(command, 'command')
    requireJsonObject(args, 'args')
    requireBoolean(isOutOfBand, 'isOutOfBand')
    const id = ++this.#count
    const request = { [isOutOfBand ? 'exec-oob' : 'execute']: command, arguments: args, id }
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { command, resolve, reject })
      if (this.#socket.destroyed) this.#onClose()
      else this.#socket.write(`${printJsonValue(request)}\n`)
    })
  }

  /** The names of the commands; refusals suggest one of them from then on. */
  async listCommands(): Promise<readonly string[]> {
    const list = await this.execute('query-commands')
    const names = isJsonList(list)
      ? list.map((one) => isJsonObject(one) && memberOf(one, 'name'))
      : []
    this.#commands = names.filter((name) => typeof name === 'string')
    return this.#commands
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(value: JsonValue): void {
    const message = isJsonObject(value) ? value : {}
    const greeting = memberOf(message, 'QMP')
    const event = memberOf(message, 'event')
    if (isJsonObject(greeting)) this.#greeting.resolve(greeting)
    else if (typeof event === 'string') this.#tell(event, message)
    else this.#settle(message)
  }

  #settle(reply: JsonObject): void {
    const id = memberOf(reply, 'id')
    const pending = typeof id === 'bigint' ? this.#pending.get(id) : undefined
    if (typeof id === 'bigint' && pending) {
      this.#pending.delete(id)
      const error = memberOf(reply, 'error')
      if (isJsonObject(error)) void this.#refuse(pending, error)
      else pending.resolve(memberOf(reply, 'return') ?? {})
    } else this.#refuseSpeech()
  }

  /** A name that is wrong is told with one that is right. */
  async #refuse({ command, reject }: Pending, error: JsonObject): Promise<void> {
    const isUnknown = memberOf(error, 'class') === 'CommandNotFound'
    if (isUnknown && command !== 'query-commands' && this.#commands.length === 0) {
      await this.listCommands().catch(() => {})
    }
    reject(this.#refusalOf(command, error))
  }

  #refusalOf(command: string, error: JsonObject): unknown {
    const data = {
      command,
      errorClass: String(memberOf(error, 'class')),
      description: String(memberOf(error, 'desc')),
      known: this.#commands,
    }
    return errorOf(() => fail(QMP_CLIENT_KINDS.refused, data))
  }

  #tell(event: string, message: JsonObject): void {
    const [data, time] = [memberOf(message, 'data'), memberOf(message, 'timestamp')]
    const at = isJsonObject(time) ? microsecondsOf(time) : 0n
    this.#options.onEvent?.({ event, data: isJsonObject(data) ? data : {}, at })
  }

  #refuseSpeech(): void {
    const data = { monitor: this.#options.name, reason: 'it says what was not asked for' }
    this.#fail(() => fail(QMP_CLIENT_KINDS.notAMonitor, data))
  }

  #onClose(): void {
    this.#fail(() => fail(QMP_CLIENT_KINDS.closed, { monitor: this.#options.name }))
    this.#closed.resolve()
  }

  #fail(raise: () => never): void {
    const error = errorOf(raise)
    this.#greeting.reject(error)
    for (const { reject } of this.#pending.values()) reject(error)
    this.#pending.clear()
    this.#socket.destroy()
  }
}

function microsecondsOf(time: JsonObject): bigint {
  const part = (name: string) => {
    const value = memberOf(time, name)
    return typeof value === 'bigint' ? value : 0n
  }
  return part('seconds') * 1_000_000n + part('microseconds')
}

function errorOf(raise: () => never): DiagnosticError {
  try {
    return raise()
  } catch (error) {
    return error as DiagnosticError
  }
}

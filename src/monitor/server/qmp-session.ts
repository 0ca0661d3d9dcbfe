/** One client of the monitor: greeting, negotiation, its commands in order, and events between them. */
import type { Duplex } from 'node:stream'
import { findCommand } from '../commands/find-command.ts'
import { CAPABILITIES, QMP_CAPABILITIES_ARGUMENTS } from '../commands/qmp-capabilities.ts'
import { runCommand } from '../commands/run-command.ts'
import type { HostEndpoints } from '../host/host-endpoints.ts'
import type { HostEvent } from '../host/host-events.ts'
import { MONITOR_VERSION } from '../monitor-version.ts'
import { JsonStream } from '../protocol/json-stream.ts'
import type { JsonValue } from '../protocol/json-value.ts'
import { printError, printGreeting, printQmpEvent, printReturn } from '../protocol/messages.ts'
import { QmpError, refuseCommand } from '../protocol/qmp-error.ts'
import { idOf, type QmpRequest, readQmpRequest } from '../protocol/request.ts'
import { checkArguments } from '../schema/check-value.ts'

/** Commands that wait; no more is read from the client meanwhile. */
const QUEUE_LIMIT = 8

/** What a client that does not read may leave unread, in bytes, before it is cut. */
const UNREAD_LIMIT = 4_194_304

/** What waits for its turn: a value of the client, or why there is none. */
type Waiting = { readonly value: JsonValue } | { readonly error: QmpError }

export class QmpSession {
  readonly #host: HostEndpoints
  readonly #socket: Duplex
  readonly #letIn: () => Promise<void>
  readonly #queue: Waiting[] = []
  readonly #stream = new JsonStream({
    onValue: (value) => this.#take(value),
    onError: ({ message }) => this.#queue.push({ error: new QmpError(message) }),
  })
  #isNegotiated = false
  #allowsOutOfBand = false
  #hasEnded = false
  #isCut = false
  /** Wakes the reader when there is room, and the worker when there is work. */
  #wake: (() => void)[] = []

  /** @param letIn Called when the client has negotiated; resolves when it has a place. */
  constructor(host: HostEndpoints, socket: Duplex, letIn: () => Promise<void> = async () => {}) {
    this.#host = host
    this.#socket = socket
    this.#letIn = letIn
  }

  /** Resolves when the client has left, or the session was ended, and all its commands are answered. */
  async run(): Promise<string> {
    this.#socket.on('drain', this.#notify).on('close', this.#notify).on('end', this.#notify)
    const unsubscribe = this.#host.events.subscribe((event) => this.#tell(event))
    try {
      this.#send(printGreeting(MONITOR_VERSION, CAPABILITIES))
      await Promise.all([this.#read(), this.#work()])
    } finally {
      unsubscribe()
    }
    return this.#isCut ? 'it did not read what it was told' : 'done'
  }

  /** Reads no more commands; those that wait are still executed. */
  end(): void {
    this.#hasEnded = true
    this.#notify()
  }

  async #read(): Promise<void> {
    this.#socket.on('readable', this.#notify)
    while (!this.#hasEnded && !this.#socket.destroyed) {
      const bytes: Buffer | null = this.#queue.length < QUEUE_LIMIT ? this.#socket.read() : null
      if (bytes) {
        this.#stream.push(bytes)
        this.#notify()
      } else if (this.#socket.readableEnded) break
      else await this.#change()
    }
    if (!this.#hasEnded) this.#stream.end()
    this.end()
  }

  async #work(): Promise<void> {
    for (;;) {
      const next = this.#isUnread() ? undefined : this.#queue.shift()
      if (next) {
        await this.#answer(next)
        this.#notify()
      } else if (this.#socket.destroyed || (this.#hasEnded && this.#queue.length === 0)) return
      else await this.#change()
    }
  }

  /** A client that does not read its answers gets no more of them. */
  #isUnread(): boolean {
    return this.#socket.writableNeedDrain && !this.#socket.destroyed
  }

  #take(value: JsonValue): void {
    if (!this.#runOutOfBand(value)) this.#queue.push({ value })
  }

  /** @returns whether it was executed at once. */
  #runOutOfBand(value: JsonValue): boolean {
    if (!this.#allowsOutOfBand) return false
    try {
      if (!readQmpRequest(value, true).isOutOfBand) return false
    } catch {
      return false
    }
    void this.#answer({ value })
    return true
  }

  /** Never throws. */
  async #answer(waiting: Waiting): Promise<void> {
    const id = 'value' in waiting ? idOf(waiting.value) : {}
    try {
      if ('error' in waiting) throw waiting.error
      this.#send(printReturn(await this.#execute(waiting.value), id))
    } catch (error) {
      this.#send(printError(error as QmpError, id))
    }
  }

  /** @throws QmpError */
  async #execute(value: JsonValue): Promise<JsonValue> {
    const request = readQmpRequest(value, this.#allowsOutOfBand)
    if (!this.#isNegotiated) return this.#negotiate(request)
    return runCommand(this.#host, findCommand(request), request)
  }

  async #negotiate(request: QmpRequest): Promise<JsonValue> {
    if (request.command !== 'qmp_capabilities') {
      const expected = "Expecting capabilities negotiation with 'qmp_capabilities'"
      refuseCommand(expected, 'CommandNotFound')
    }
    const { enable = [] } = checkArguments(QMP_CAPABILITIES_ARGUMENTS, request.arguments)
    await this.#letIn()
    this.#allowsOutOfBand = enable.includes('oob')
    this.#isNegotiated = true
    return {}
  }

  #tell({ name, data }: HostEvent): void {
    if (!this.#isNegotiated) return
    this.#send(printQmpEvent(name, data, (performance.timeOrigin + performance.now()) * 1000))
  }

  #send(text: string): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return
    this.#socket.write(text)
    if (this.#socket.writableLength <= UNREAD_LIMIT) return
    this.#isCut = true
    this.#socket.destroy()
  }

  /** Waits until anything has changed. */
  #change(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve))
  }

  readonly #notify = (): void => {
    const waiting = this.#wake
    this.#wake = []
    for (const wake of waiting) wake()
  }
}

/** A client of a monitor that sends lines as they are, and sorts what comes back: replies, and the events before them. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import type { Duplex } from 'node:stream'

export type Message = {
  readonly QMP?: unknown
  readonly return?: unknown
  readonly error?: { readonly class: string; readonly desc: string }
  readonly event?: string
  readonly data?: Readonly<Record<string, unknown>>
  readonly id?: unknown
}

/** A message, and the line that it came as. */
type Told = { readonly message: Message; readonly line: string }

export class RawMonitor {
  readonly socket: Duplex
  /** What came and was not asked for yet. */
  readonly #told: Told[] = []
  readonly events: Message[] = []
  #wake: () => void = () => {}
  #hasEnded = false

  private constructor(socket: Duplex) {
    this.socket = socket
    const lines = createInterface({ input: socket })
    // It tells errors of the socket too; what was waited for ends with the socket.
    lines.on('error', () => {})
    lines.on('line', (line) => {
      const message = JSON.parse(toJson(line)) as Message
      if (message.event === undefined) this.#told.push({ message, line })
      else this.events.push(message)
      this.#wake()
    })
    socket
      .on('error', () => {})
      .on('close', () => {
        this.#hasEnded = true
        this.#wake()
      })
  }

  /** Waits until the monitor is there, and reads its greeting. */
  static async connect(path: string): Promise<RawMonitor> {
    for (;;) {
      const socket = connect(path)
      const isThere = await once(socket, 'connect').then(
        () => true,
        () => false,
      )
      if (isThere) return RawMonitor.over(socket)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** Reads the greeting of a monitor that is there. */
  static async over(socket: Duplex): Promise<RawMonitor> {
    const monitor = new RawMonitor(socket)
    await monitor.next()
    return monitor
  }

  /** The next message that is no event; undefined where the monitor has closed the connection. */
  async next(): Promise<Message | undefined> {
    return (await this.#next())?.message
  }

  /** Sends a line, and waits for its reply. */
  async ask(line: string): Promise<Message | undefined> {
    this.socket.write(`${line}\n`)
    return this.next()
  }

  /** The reply as it came, without the end of its line. */
  async askForLine(line: string): Promise<string | undefined> {
    this.socket.write(`${line}\n`)
    return (await this.#next())?.line
  }

  async #next(): Promise<Told | undefined> {
    for (;;) {
      const told = this.#told.shift()
      if (told || this.#hasEnded) return told
      await this.#change()
    }
  }

  /** Executes a command; gives what it returns. @throws Error with what the monitor says. */
  async run(execute: string, args?: object): Promise<unknown> {
    const reply = await this.ask(JSON.stringify({ execute, ...(args && { arguments: args }) }))
    if (reply?.error) throw new Error(reply.error.desc)
    return reply?.return
  }

  /** Waits for an event; one that came before counts too. */
  async waitFor(name: string, matches: (event: Message) => boolean = () => true): Promise<Message> {
    for (;;) {
      const found = this.events.find((event) => event.event === name && matches(event))
      if (found) return found
      if (this.#hasEnded) throw new Error(`the monitor has ended without ${name}`)
      await this.#change()
    }
  }

  /** Waits until a migration has one of the statuses; needs the capability `events`. */
  async waitForStatus(statuses: readonly string[]): Promise<string> {
    const event = await this.waitFor('MIGRATION', ({ data }) =>
      statuses.includes(String(data?.status)),
    )
    return String(event.data?.status)
  }

  close(): void {
    this.socket.destroy()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}

/** QEMU writes an id that is larger than any number of 64 bits as `inf`, which is no JSON. */
function toJson(line: string): string {
  return line.replace(/(?<="id": -?)inf(?=\}|,)/, '1e999')
}

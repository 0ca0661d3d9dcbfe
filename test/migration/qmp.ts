/** The monitor of a QEMU: commands, their results, and the events between. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { ChildProcess } from '../peers/child-process.ts'

type Message = {
  readonly return?: unknown
  readonly error?: { readonly desc: string }
  readonly event?: string
  readonly data?: Readonly<Record<string, unknown>>
}

export class Qmp {
  readonly #socket: Socket
  readonly #events: Message[] = []
  readonly #child: ChildProcess
  #answer: ((message: Message) => void) | undefined
  #wake: () => void = () => {}
  #isEnded = false

  private constructor(socket: Socket, child: ChildProcess) {
    this.#socket = socket
    this.#child = child
    createInterface({ input: socket }).on('line', (line) => this.#take(JSON.parse(line)))
    socket
      .on('error', () => {})
      .on('close', () => {
        this.#isEnded = true
        this.#answer?.({ error: { desc: 'QEMU has ended' } })
        this.#wake()
      })
  }

  /** Waits until the monitor is there. */
  static async connect(path: string, child: ChildProcess): Promise<Qmp> {
    for (;;) {
      const socket = connect(path)
      const isThere = await once(socket, 'connect').then(
        () => true,
        () => false,
      )
      if (isThere) {
        const qmp = new Qmp(socket, child)
        await qmp.run('qmp_capabilities')
        return qmp
      }
      if (child.exitCode !== null) throw new Error(`QEMU has ended: ${child.exitCode}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** @throws Error with what QEMU says. */
  async run(execute: string, args: object = {}): Promise<unknown> {
    const { return: result, error } = await new Promise<Message>((resolve) => {
      this.#answer = resolve
      this.#socket.write(`${JSON.stringify({ execute, arguments: args })}\n`)
    })
    if (error) throw new Error(`${execute}: ${error.desc}`)
    return result
  }

  async setCapabilities(names: readonly string[]): Promise<void> {
    const capabilities = names.map((capability) => ({ capability, state: true }))
    await this.run('migrate-set-capabilities', { capabilities })
  }

  /** Waits for an event; one that came before counts too. Undefined where QEMU ends without it. */
  async waitFor(matches: (event: Message) => boolean): Promise<Message | undefined> {
    for (;;) {
      const found = this.#events.find(matches)
      if (found || this.#isEnded) return found
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Waits until its migration is completed or failed, and says which; needs the capability `events`. */
  async waitForMigration(): Promise<string> {
    const ends = ['completed', 'failed', 'cancelled']
    const isEnd = ({ event, data }: Message) =>
      event === 'MIGRATION' && ends.includes(String(data?.status))
    const found = await this.waitFor(isEnd)
    return found ? String(found.data?.status) : 'ended'
  }

  /** Its exit status, when it has ended. */
  async ended(): Promise<number | null> {
    if (this.#child.exitCode === null) await once(this.#child, 'exit')
    return this.#child.exitCode
  }

  #take(message: Message): void {
    if (message.event !== undefined) {
      this.#events.push(message)
      this.#wake()
    } else if ('return' in message || message.error) {
      this.#answer?.(message)
    }
  }
}

/** One channel while it is received: checked and counted as it comes, and written to its file. */
import type { Duplex } from 'node:stream'
import { DiagnosticError, diagnose } from '../../diagnostics/diagnostic.ts'
import { ENDPOINT_KINDS } from '../../endpoint/endpoint-diagnostics.ts'
import type { ChannelInspection } from '../inspect/channel-inspection.ts'
import { ChannelFailure, type CheckedChannel } from '../inspect/inspected-channel.ts'
import type { IncomingParts } from './incoming-parts.ts'
import type { ChannelWriter } from './migration-store.ts'

export type ChannelConnection = { readonly stream: Duplex; readonly parts: IncomingParts }

export type StoredChannel = CheckedChannel & {
  /** Null where the bytes are not kept. */
  readonly sha256: string | null
}

export class ReceivedChannel {
  /** `main`, or `multifd-N`. */
  readonly name: string
  readonly connection: ChannelConnection
  /** The source has said all. */
  isOver = false
  /** Where it is kept, for messages. */
  readonly #file: string
  readonly #writer: ChannelWriter
  readonly #inspection: ChannelInspection
  #isFinished = false
  #underWay: Promise<void> = Promise.resolve()

  constructor(
    { name, file }: { readonly name: string; readonly file: string },
    connection: ChannelConnection,
    writer: ChannelWriter,
    inspection: ChannelInspection,
  ) {
    this.name = name
    this.connection = connection
    this.#file = file
    this.#writer = writer
    this.#inspection = inspection
  }

  get inspection(): ChannelInspection['inspection'] {
    return this.#inspection.inspection
  }

  get bytes(): number {
    return this.#inspection.bytes
  }

  /** Whether the channel could end after the last byte that came. */
  get mayEnd(): boolean {
    return this.#inspection.mayEnd
  }

  /** Resolves when no part is being taken. */
  get settled(): Promise<void> {
    return this.#underWay.catch(() => {})
  }

  /** Checks a part before it is written. @throws DiagnosticError */
  async take(part: Buffer): Promise<void> {
    this.#underWay = this.#take(part)
    await this.#underWay
  }

  async #take(part: Buffer): Promise<void> {
    this.#naming(() => this.#inspection.push(part))
    await this.#writer.write(part)
  }

  /** Says that no part follows. @throws DiagnosticError where the channel is cut. */
  finish(): void {
    if (this.#isFinished) return
    this.#isFinished = true
    this.#naming(() => this.#inspection.finish())
  }

  /** What was found. */
  get checked(): CheckedChannel {
    const { inspection, bytes } = this
    if (!inspection) throw new Error('a channel without any kind was received')
    return { file: this.#file, bytes, inspection }
  }

  /** The same when it is stored. */
  get stored(): StoredChannel {
    return { ...this.checked, sha256: this.#writer.sha256 ?? null }
  }

  /** What is wrong with a channel is told with its name, and with what broke the connection. */
  #naming(work: () => void): void {
    try {
      work()
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error
      const named = new ChannelFailure(this.#file, error, this.#inspection)
      const cause = this.connection.parts.error
      if (!cause) throw named
      const lost = diagnose(ENDPOINT_KINDS.lostConnection, { error: cause })
      throw new DiagnosticError([...named.diagnostics, lost])
    }
  }
}

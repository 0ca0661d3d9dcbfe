/** An end whose chardev has a log: all that is written to it is in a file too. */
import type { ChardevEnd, EndSession } from '../end/chardev-end.ts'
import { LayeredStream } from '../end/layered-stream.ts'
import type { LogFile } from './log-file.ts'

export class LoggedEnd implements ChardevEnd {
  readonly #end: ChardevEnd
  readonly #openLog: () => LogFile
  #log: LogFile | undefined

  /** @param openLog Called when the end is started. @throws DiagnosticError CHARDEV_CANNOT_OPEN */
  constructor(end: ChardevEnd, openLog: () => LogFile) {
    this.#end = end
    this.#openLog = openLog
  }

  get definition() {
    return this.#end.definition
  }

  get isLasting() {
    return this.#end.isLasting
  }

  async start(): Promise<string | undefined> {
    this.#log = this.#openLog()
    return this.#end.start()
  }

  async open(signal: AbortSignal): Promise<EndSession> {
    const session = await this.#end.open(signal)
    const stream = new LayeredStream(session.stream, {
      received: (bytes) => bytes,
      sent: (bytes) => {
        this.#log?.write(bytes)
        return [bytes]
      },
    })
    stream.on('error', () => {})
    const finish = async (error?: unknown) => {
      if (session.isStanding) stream.giveBack()
      await session.finish(error)
      stream.destroy()
    }
    return { ...session, stream, finish }
  }

  filename(): string {
    return this.#end.filename()
  }

  async close(limit: number): Promise<void> {
    await this.#end.close(limit)
    this.#log?.close()
  }
}

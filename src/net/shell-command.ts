/** A command of the shell whose standard input and output are a connection, as QEMU's `exec:` has it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { Duplex, type Readable, type Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { bindGroup } from '../files/bound-groups.ts'
import { endGroup } from '../files/process-group.ts'

export type ShellCommand = {
  readonly stream: Duplex
  /** How it ended: `SIGTERM`, `status 3`; undefined where it ended well. */
  readonly ended: Promise<string | undefined>
  /** Ends it, and all that it started: with SIGTERM, and with SIGKILL what does not obey in time. */
  readonly kill: () => void
}

const NO_DESCRIPTOR = { code: 'EMFILE', errno: -constants.errno.EMFILE }

/** How long a command may take to end in order when it is told to, in milliseconds. */
const GRACE = 2_000

/** For messages: of a command only its program is shown, since its other words may hold a secret. */
export function printShellCommand(command: string): string {
  const [program] = command.trim().split(/\s/, 1)
  return `the command ${program}`
}

/**
 * It ends with this program.
 *
 * @throws a system error where no descriptor is left.
 */
export function runShellCommand(command: string): ShellCommand {
  const child = spawn('/bin/sh', ['-c', command], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  })
  const letGo = bindGroup(child.pid)
  const closed = once(child, 'close') as Promise<[number | null, string | null]>
  const ended = closed.then(([status, signal]) =>
    status === 0 ? undefined : (signal ?? `status ${status}`),
  )
  ended.catch(() => {}).finally(letGo)
  // They are missing where no descriptor is left.
  if (!child.stdin || !child.stdout) throw Object.assign(new Error('EMFILE'), NO_DESCRIPTOR)
  const stream = new PairStream(child.stdout, child.stdin)
  stream.on('error', () => {})
  return { stream, ended, kill: () => void endCommand(child, stream) }
}

async function endCommand(child: ChildProcess, stream: Duplex): Promise<void> {
  const isOver = new AbortController()
  const over = (): void => isOver.abort()
  child.once('close', over)
  const letGo = bindGroup(child.pid)
  const ending = endGroup(child.pid, GRACE)
  await delay(GRACE, undefined, isOver).catch(() => {})
  child.off('close', over)
  const hasObeyed = await ending
  letGo()
  // What has left the group may still hold them.
  if (!hasObeyed || !isOver.signal.aborted) stream.destroy()
}

/**
 * One stream of two. It calls back when bytes were taken by the system, so that their buffer can be used again:
 * `Duplex.from` does so when they wait in the stream below.
 */
class PairStream extends Duplex {
  readonly #source: Readable
  readonly #sink: Writable

  constructor(source: Readable, sink: Writable) {
    super({ allowHalfOpen: true })
    this.#source = source
    this.#sink = sink
    source.on('data', (bytes) => this.push(bytes) || source.pause())
    source.on('end', () => this.push(null)).pause()
    const fail = (error: Error): void => void this.destroy(error)
    source.on('error', fail)
    sink.on('error', fail)
  }

  override _read(): void {
    this.#source.resume()
  }

  override _write(bytes: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#sink.write(bytes, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    // A command that has ended has closed it: its end then calls nothing back.
    if (this.#sink.destroyed) done()
    else {
      this.#sink.once('close', () => done())
      this.#sink.end()
    }
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#source.destroy()
    this.#sink.destroy()
    done(error)
  }
}

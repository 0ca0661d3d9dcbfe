/** Ends that only take: null, ringbuf, file. They say nothing, and have no end. */
import { closeSync, constants, openSync, write } from 'node:fs'
import { Duplex } from 'node:stream'
import { fail } from '../../diagnostics/diagnostic.ts'
import { CHARDEV_KINDS } from '../chardev-diagnostics.ts'
import type { RingBuffer } from './ring-buffer.ts'
import type { Standing } from './standing-end.ts'

type Take = (bytes: Buffer, done: (error?: Error | null) => void) => void

function sink(place: string, take: Take, close = (): void => {}): Standing {
  const attach = (): Duplex =>
    new Duplex({ read() {}, write: (bytes, _, done) => take(bytes, done) })
  return { place, attach, close }
}

export function openNull(): Standing {
  return sink('null', (_, done) => done())
}

export function openRing(ring: RingBuffer): Standing {
  return sink('ringbuf', (bytes, done) => {
    ring.write(bytes)
    done()
  })
}

/** What a guest writes is of concern to its owner alone. */
const OWNER_ONLY = 0o600

/** @throws DiagnosticError CHARDEV_CANNOT_OPEN */
export function openFile(path: string, isAppended: boolean): Standing {
  const file = new WrittenFile(openForWriting(path, isAppended))
  return sink(path, file.write, () => file.close())
}

/**
 * A descriptor that is closed when nothing is being written any more: its number may belong to another file
 * or connection at once, which must not get what a guest says.
 */
class WrittenFile {
  readonly #descriptor: number
  #writesUnderWay = 0
  #isClosing = false

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  readonly write: Take = (bytes, done) => {
    if (this.#isClosing) {
      done(new Error('the file is closed'))
      return
    }
    this.#writesUnderWay++
    writeWhole(this.#descriptor, bytes, (error) => {
      this.#writesUnderWay--
      this.#closeWhenIdle()
      done(error)
    })
  }

  close(): void {
    if (this.#isClosing) return
    this.#isClosing = true
    this.#closeWhenIdle()
  }

  #closeWhenIdle(): void {
    if (this.#isClosing && this.#writesUnderWay === 0) closeSync(this.#descriptor)
  }
}

function openForWriting(path: string, isAppended: boolean): number {
  const { O_WRONLY, O_CREAT, O_NONBLOCK } = constants
  try {
    // A pipe that nothing reads is refused here: to open it by the second way, the whole process waits.
    const looked = openSync(path, O_WRONLY | O_CREAT | O_NONBLOCK, OWNER_ONLY)
    try {
      return openSync(path, isAppended ? 'a' : 'w', OWNER_ONLY)
    } finally {
      closeSync(looked)
    }
  } catch (error) {
    return fail(CHARDEV_KINDS.cannotOpen, { path, error })
  }
}

function writeWhole(descriptor: number, bytes: Buffer, done: (error?: Error | null) => void): void {
  write(descriptor, bytes, (error, count) => {
    if (error || count === bytes.length) done(error)
    else writeWhole(descriptor, bytes.subarray(count), done)
  })
}

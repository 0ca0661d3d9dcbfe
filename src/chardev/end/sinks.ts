/** Ends that only take: null, ringbuf, file. They say nothing, and have no end. */
import { closeSync, constants, fstatSync, openSync, writeFile } from 'node:fs'
import { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { fail } from '../../diagnostics/diagnostic.ts'
import { CHARDEV_KINDS } from '../chardev-diagnostics.ts'
import { Attachment } from './attachment.ts'
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
  const descriptor = openForWriting(path, isAppended)
  const stats = fstatSync(descriptor)
  if (stats.isFIFO()) {
    closeSync(descriptor)
    return openQueue(path)
  }
  const file = new WrittenFile(stats.isFile() ? descriptor : openToWait(descriptor, path))
  return sink(path, file.write, () => file.close())
}

/**
 * A pipe may be full for ever: it is not written to by the few threads that all files of the process share. It is
 * opened to be read too, so that it does not break when its reader leaves: another one may come.
 *
 * @internal Exported for tests.
 * @throws DiagnosticError CHARDEV_CANNOT_OPEN, CHARDEV_UNUSABLE
 */
export function openQueue(path: string): Standing {
  const fd = openDescriptor(path, constants.O_RDWR | constants.O_NONBLOCK)
  if (!fstatSync(fd).isFIFO()) {
    closeSync(fd)
    // Something else was put there since it was one.
    return fail(CHARDEV_KINDS.unusable, { what: path, reason: 'it is no named pipe any more' })
  }
  const pipe = new Socket({ fd, readable: false, writable: true })
  pipe.on('error', () => {})
  return {
    place: path,
    attach: () => new Attachment({ sink: pipe }),
    // What was written before is still read; the process does not wait for that.
    close: () => void pipe.end().unref(),
  }
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
    // Of a descriptor it writes all, from where the last write has ended.
    writeFile(this.#descriptor, bytes, (error) => {
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

function openDescriptor(path: string, flags: number, mode?: number): number {
  try {
    return openSync(path, flags, mode)
  } catch (error) {
    return fail(CHARDEV_KINDS.cannotOpen, { path, error })
  }
}

/** A pipe that nothing reads is refused: the process does not wait for a reader. */
function openForWriting(path: string, isAppended: boolean): number {
  const { O_WRONLY, O_CREAT, O_NONBLOCK, O_APPEND, O_TRUNC } = constants
  const flags = O_WRONLY | O_CREAT | O_NONBLOCK | (isAppended ? O_APPEND : O_TRUNC)
  return openDescriptor(path, flags, OWNER_ONLY)
}

/** A device that is slow is waited for by each write. What has taken its place since then is not opened. */
function openToWait(descriptor: number, path: string): number {
  try {
    return openSync(`/dev/fd/${descriptor}`, constants.O_WRONLY)
  } catch (error) {
    return fail(CHARDEV_KINDS.cannotOpen, { path, error })
  } finally {
    closeSync(descriptor)
  }
}

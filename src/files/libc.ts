/**
 * System calls of Linux that node:fs does not have: lseek(2) for holes, fallocate(2), preadv2(2), flock(2).
 *
 * Where the C library cannot be reached (another platform, an installation without koffi),
 * `loadLibc` gives nothing, and callers do without.
 */
import { constants } from 'node:os'
import { CallQueue } from './call-queue.ts'
import { type Call, type Koffi, loadKoffi, type SharedLibrary } from './koffi.ts'

/** The calls. Those that may wait for a disk run on a thread of their own. */
export type Libc = {
  /** The next byte at or after an offset that is data, or undefined where only a hole follows. */
  readonly seekData: (descriptor: number, offset: number) => Promise<number | undefined>
  /** The next byte at or after an offset that is in a hole; the end of the file counts as one. */
  readonly seekHole: (descriptor: number, offset: number) => Promise<number | undefined>
  /** @throws an error of the system with its `code`. */
  readonly fallocate: (
    descriptor: number,
    mode: FallocateMode,
    offset: number,
    length: number,
  ) => Promise<void>
  /**
   * Reads what is in memory and never waits for a disk.
   *
   * @returns the bytes read, or a negative number where they cannot be had without waiting.
   */
  readonly readCached: (
    descriptor: number,
    target: Buffer,
    at: number,
    length: number,
    offset: number,
  ) => number
  /**
   * Locks a file that is open, until it is closed, also by the end of its process.
   *
   * @returns false where another holds the lock. File systems without locks give true.
   */
  readonly lock: (descriptor: number) => boolean
  /** Sends a text to a datagram socket of a path; a path that begins with `@` is abstract. */
  readonly sendDatagram: (path: string, text: string) => boolean
}

/** Modes of fallocate(2) from linux/falloc.h; each keeps the size of the file. */
export const FALLOCATE = {
  PUNCH_HOLE: 0x01 | 0x02,
  ZERO_RANGE: 0x01 | 0x10,
} as const

export type FallocateMode = (typeof FALLOCATE)[keyof typeof FALLOCATE]

const SEEK_DATA = 3
const SEEK_HOLE = 4
const RWF_NOWAIT = 0x8
const LOCK_EX = 2
const LOCK_NB = 4

let loaded: Libc | undefined | 'not yet' = 'not yet'

/** The calls, or undefined where there is no way to make them. */
export function loadLibc(): Libc | undefined {
  if (loaded === 'not yet') loaded = tryBind(loadKoffi())
  return loaded
}

function tryBind(koffi: Koffi | undefined): Libc | undefined {
  try {
    return koffi && bind(koffi)
  } catch {
    return undefined
  }
}

function bind(koffi: Koffi): Libc {
  const library = koffi.load(null)
  koffi.struct('iovec', { base: 'void *', length: 'uint64_t' })
  const lseek = library.func('int64_t lseek64(int, int64_t, int)')
  const fallocate = library.func('int fallocate64(int, int, int64_t, int64_t)')
  const flock = library.func('int flock(int, int)')
  const preadv2 = library.func('int64_t preadv64v2(int, iovec *, int, int64_t, int)')
  return {
    seekData: (descriptor, offset) => seek(koffi, lseek, descriptor, offset, SEEK_DATA),
    seekHole: (descriptor, offset) => seek(koffi, lseek, descriptor, offset, SEEK_HOLE),
    fallocate: async (...values) => {
      await callLater(koffi, fallocate, values)
    },
    readCached: (descriptor, target, at, length, offset) => {
      const vector = { base: at === 0 ? target : target.subarray(at), length }
      return Number(preadv2(descriptor, [vector], 1, offset, RWF_NOWAIT))
    },
    lock: (descriptor) => {
      const isHeld = flock(descriptor, LOCK_EX | LOCK_NB) !== 0
      return !(isHeld && koffi.errno() === constants.errno.EWOULDBLOCK)
    },
    sendDatagram: bindSendDatagram(library),
  }
}

const AF_UNIX = 1
const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0o2000000
/** Bytes for the path in `struct sockaddr_un`. */
const PATH_ROOM = 108

function bindSendDatagram(library: SharedLibrary): Libc['sendDatagram'] {
  const socket = library.func('int socket(int, int, int)')
  const close = library.func('int close(int)')
  const sendTo = library.func('int64_t sendto(int, void *, uint64_t, int, void *, uint32_t)')
  return (path, text) => {
    const name = Buffer.from(path.replace(/^@/, '\0'))
    if (name.length >= PATH_ROOM) return false
    const descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)
    if (descriptor < 0) return false
    // The family stands there in the byte order of the machine; every Linux we run on is little endian.
    const address = Buffer.concat([Buffer.from([AF_UNIX, 0]), name])
    const bytes = Buffer.from(text)
    const sent = sendTo(descriptor, bytes, bytes.length, 0, address, address.length)
    close(descriptor)
    return Number(sent) === bytes.length
  }
}

async function seek(
  koffi: Koffi,
  lseek: Call,
  descriptor: number,
  offset: number,
  whence: number,
): Promise<number | undefined> {
  try {
    return await callLater(koffi, lseek, [descriptor, offset, whence])
  } catch (error) {
    // Nothing of that kind up to the end.
    if ((error as NodeJS.ErrnoException).code === 'ENXIO') return undefined
    throw error
  }
}

/**
 * Calls under way at the same time. koffi refuses more than 256, and those that wait for a thread
 * keep the reads and writes of all others from it.
 */
const CALLS_UNDER_WAY = 32

/** One queue for all of them: the limit of koffi is one for the process. */
const calls = new CallQueue(CALLS_UNDER_WAY)

/** Makes a call on another thread; koffi brings the number of its error back to this one. */
function callLater(koffi: Koffi, call: Call, values: readonly unknown[]): Promise<number> {
  return calls.run(() => callNow(koffi, call, values))
}

function callNow(koffi: Koffi, call: Call, values: readonly unknown[]): Promise<number> {
  return new Promise((resolve, reject) => {
    call.async(...values, (error: Error | null, result: number | bigint) => {
      if (error) reject(error)
      else if (result < 0) reject(systemError(koffi.errno()))
      else resolve(Number(result))
    })
  })
}

const CODES = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]))

function systemError(number: number): NodeJS.ErrnoException {
  const code = CODES.get(number) ?? `E${number}`
  return Object.assign(new Error(code), { code, errno: -number })
}

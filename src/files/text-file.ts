/** Reads text files that others wrote: within a bound, without waiting; each failure is told in words. */
import { isUtf8 } from 'node:buffer'
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import { DiagnosticError, diagnose, fail } from '../diagnostics/diagnostic.ts'
import type { Source } from '../diagnostics/source.ts'
import { FILE_KINDS } from './file-diagnostics.ts'

/** The largest file that is read, in bytes. Shipped policies have about 4,000. */
const TEXT_LIMIT = 262_144

/**
 * Reads a UTF-8 text.
 *
 * @throws DiagnosticError FILE_MISSING, FILE_UNREADABLE, FILE_NOT_REGULAR, FILE_TOO_LARGE or
 *   FILE_INVALID_UTF8.
 */
export function readTextFile(path: string): Source {
  return decode(path, readBytes(path), {})
}

/**
 * Reads a UTF-8 text of which no message may show any part: keys, passphrases, files that may hold
 * them beside something else.
 *
 * @throws DiagnosticError as readTextFile.
 */
export function readSecretTextFile(path: string): Source {
  return decode(path, readBytes(path), { isSecret: true })
}

/**
 * Reads a UTF-8 text that a user names on a command line, once. It may come out of a pipe: there is no
 * other way for a secret that stands in no file.
 *
 * @throws DiagnosticError FILE_MISSING, FILE_UNREADABLE, FILE_NOT_REGULAR (a directory), FILE_TOO_LARGE or
 *   FILE_INVALID_UTF8.
 */
export function readNamedTextFile(path: string): Source {
  return decode(path, readNamedBytes(path), {})
}

/** The same of a text of which no message may show any part. */
export function readNamedSecretFile(path: string): Source {
  return decode(path, readNamedBytes(path), { isSecret: true })
}

/**
 * Reads a UTF-8 text that may hold secrets beside what may be shown. Its parser decides about that; before it could,
 * no message shows any part.
 *
 * @throws DiagnosticError as readTextFile.
 */
export function readMixedTextFile(path: string): Source {
  return withoutMark(readSecretTextFile(path))
}

/** The same of a text that a user names on a command line, as readNamedTextFile. */
export function readNamedMixedFile(path: string): Source {
  return withoutMark(readNamedSecretFile(path))
}

function withoutMark({ name, text }: Source): Source {
  return { name, text }
}

/** Reads the bytes of a file or pipe that a user names. A pipe that has no writer yet is waited for, as by cat. */
export function readNamedBytes(path: string, limit = TEXT_LIMIT): Buffer {
  // The descriptor itself: opened by its name, a pipe of another user could be refused.
  if (path === STANDARD_INPUT_PATH) return reading(path, () => readToEnd(0, path, limit))
  const descriptor = openFile(path, constants.O_RDONLY)
  return reading(path, () => {
    try {
      if (fstatSync(descriptor).isDirectory())
        fail(FILE_KINDS.notAFile, { path, what: 'directory' })
      return readToEnd(descriptor, path, limit)
    } finally {
      closeSync(descriptor)
    }
  })
}

/** What `-` stands for where a command line names a file. */
export const STANDARD_INPUT_PATH = '/dev/stdin'

function decode(path: string, bytes: Buffer, mark: Pick<Source, 'isSecret'>): Source {
  if (!isUtf8(bytes)) {
    const source = { name: path, text: bytes.toString('latin1'), ...mark }
    const offset = firstInvalidByte(bytes)
    throw new DiagnosticError([
      diagnose(FILE_KINDS.invalidUtf8, { offset }, { source, start: offset, end: offset + 1 }),
    ])
  }
  return { name: path, text: bytes.toString('utf8'), ...mark }
}

/** Reads a text, or undefined where there is no such file. */
export function readTextFileIfPresent(path: string): Source | undefined {
  return unlessMissing(() => readTextFile(path))
}

/** The result of the work, or undefined where the file that it reads does not exist. */
export function unlessMissing<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch (error) {
    const isMissing =
      error instanceof DiagnosticError && error.diagnostics[0]?.code === FILE_KINDS.missing.code
    if (isMissing) return undefined
    throw error
  }
}

/**
 * Reads the bytes of a file. Opens without blocking: a pipe in place of a file must not stop a
 * package script.
 *
 * @throws DiagnosticError FILE_MISSING, FILE_UNREADABLE, FILE_NOT_REGULAR or FILE_TOO_LARGE.
 */
export function readBytes(path: string, limit = TEXT_LIMIT): Buffer {
  return readRegular(path, (descriptor, size) => readToEnd(descriptor, path, limit, size))
}

/**
 * Reads the bytes of a file from a mark on; undefined where the file has no such mark. One part of the file is
 * held at a time, so that a version in a large library costs little.
 *
 * @param length How many bytes are read, with the mark; fewer at the end of the file.
 * @throws DiagnosticError as readBytes.
 */
export function readFromMark(
  path: string,
  mark: string,
  { length, limit }: { readonly length: number; readonly limit: number },
): Buffer | undefined {
  const part = Buffer.allocUnsafe(PART)
  return readRegular(path, (descriptor) => {
    // Parts overlap, so that what is cut by the end of one part is whole in the next.
    for (let at = 0; at <= limit; at += PART - length) {
      const read = readSync(descriptor, part, 0, PART, at)
      const found = part.subarray(0, read).indexOf(mark)
      const isLast = read < PART
      if (found >= 0 && (isLast || found + length <= read))
        return part.subarray(found, Math.min(found + length, read))
      if (isLast) return undefined
    }
    return fail(FILE_KINDS.tooLarge, { path, limit })
  })
}

function readRegular<Value>(
  path: string,
  read: (descriptor: number, size: number) => Value,
): Value {
  const descriptor = openFile(path, constants.O_RDONLY | constants.O_NONBLOCK)
  return reading(path, () => {
    try {
      const stats = fstatSync(descriptor)
      if (!stats.isFile()) fail(FILE_KINDS.notAFile, { path, what: describeType(stats) })
      return read(descriptor, stats.size)
    } finally {
      closeSync(descriptor)
    }
  })
}

function reading<Value>(path: string, read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    if (error instanceof DiagnosticError) throw error
    fail(FILE_KINDS.unreadable, { path, error })
  }
}

/**
 * Reads an open file. The size that the system told may be wrong: a file in /proc has none, and others grow
 * meanwhile.
 *
 * @param size What the system told; room for no more than that is made first.
 * @throws DiagnosticError FILE_TOO_LARGE.
 */
export function readToEnd(descriptor: number, path: string, limit: number, size = 0): Buffer {
  const parts: Buffer[] = []
  let length = 0
  // One byte more, into which nothing is read, says that the file ends there.
  let room = Buffer.allocUnsafe(size > 0 && size < PART ? size + 1 : PART)
  for (;;) {
    const read = readWhenThere(descriptor, room)
    if (read === 0) return Buffer.concat(parts, length)
    parts.push(room.subarray(0, read))
    length += read
    if (length > limit) fail(FILE_KINDS.tooLarge, { path, limit })
    room = read < room.length ? room.subarray(read) : Buffer.allocUnsafe(PART)
  }
}

/** Another program may have made its end of a pipe non-blocking, and ours with it. */
function readWhenThere(descriptor: number, part: Buffer): number {
  for (;;) {
    try {
      return readSync(descriptor, part)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
    }
  }
}

/** Most files are shorter than this many bytes, so they are read in one go. */
const PART = 65_536

function openFile(path: string, flags: number): number {
  try {
    return openSync(path, flags)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') fail(FILE_KINDS.missing, { path })
    fail(FILE_KINDS.unreadable, { path, error })
  }
}

function describeType(stats: Stats): string {
  if (stats.isDirectory()) return 'directory'
  if (stats.isFIFO()) return 'pipe'
  if (stats.isSocket()) return 'socket'
  return 'device'
}

/** The first byte that is not what it is read as. */
function firstInvalidByte(bytes: Buffer): number {
  let offset = 0
  for (const character of bytes.toString('utf8')) {
    const encoded = Buffer.from(character)
    if (!bytes.subarray(offset, offset + encoded.length).equals(encoded)) break
    offset += encoded.length
  }
  return offset
}

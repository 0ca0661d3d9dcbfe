/** Reads a text file that somebody else wrote: bounded, never blocking, every failure in words. */
import { isUtf8 } from 'node:buffer'
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { DiagnosticError, diagnose, fail } from '../diagnostics/diagnostic.ts'
import type { Source } from '../diagnostics/source.ts'
import { FILE_KINDS } from './file-diagnostics.ts'

/** The largest file that is read, in bytes. Shipped policies have about 4,000. */
export const TEXT_LIMIT = 262_144

/**
 * Reads a UTF-8 text.
 *
 * @throws DiagnosticError FILE_MISSING, FILE_UNREADABLE, FILE_NOT_REGULAR, FILE_TOO_LARGE or
 *   FILE_INVALID_UTF8.
 */
export function readTextFile(path: string): Source {
  const bytes = readBytes(path)
  if (!isUtf8(bytes)) {
    const source = { name: path, text: bytes.toString('latin1') }
    const offset = firstInvalidByte(bytes)
    throw new DiagnosticError([
      diagnose(FILE_KINDS.invalidUtf8, { offset }, { source, start: offset, end: offset + 1 }),
    ])
  }
  return { name: path, text: bytes.toString('utf8') }
}

/** Reads a text, or undefined where there is no such file. */
export function readTextFileIfPresent(path: string): Source | undefined {
  try {
    return readTextFile(path)
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
  const descriptor = openFile(path)
  try {
    const stats = fstatSync(descriptor)
    if (!stats.isFile()) fail(FILE_KINDS.notAFile, { path, what: describeType(stats) })
    if (stats.size > limit) fail(FILE_KINDS.tooLarge, { path, limit })
    return readFileSync(descriptor)
  } catch (error) {
    if (error instanceof DiagnosticError) throw error
    fail(FILE_KINDS.unreadable, { path, error })
  } finally {
    closeSync(descriptor)
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
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

function firstInvalidByte(bytes: Buffer): number {
  const repaired = Buffer.from(bytes.toString('utf8'), 'utf8')
  const index = bytes.findIndex((byte, at) => byte !== repaired[at])
  return index < 0 ? bytes.length : index
}

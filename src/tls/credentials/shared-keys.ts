/** Keys that both sides have: looking one up, and what is wrong with the file that holds them. */
import { statSync } from 'node:fs'
import { type Diagnostic, diagnose, fail } from '../../diagnostics/diagnostic.ts'
import { readBytes } from '../../files/text-file.ts'
import { OBJECT_KINDS } from '../object-diagnostics.ts'
import { MIN_KEY, parseSharedKeyLines, type SharedKeyLine } from './shared-key-lines.ts'

export type SharedKey = { readonly username: string; readonly key: Buffer }

/**
 * The file of a server. It is read for every handshake, as GnuTLS does: a key can be added, and
 * above all taken away, without telling the server.
 */
export class SharedKeyFile {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  /**
   * The key of a user, as the file has it now.
   *
   * @throws DiagnosticError where the file cannot be read or the user's line holds no key that is
   *   long enough.
   */
  find(username: string): Buffer | undefined {
    return findSharedKey(this.path, readBytes(this.path), username)
  }
}

/**
 * The key of the first line of the user.
 *
 * @throws DiagnosticError OBJECT_INVALID_SHARED_KEY or OBJECT_SHORT_SHARED_KEY.
 */
export function findSharedKey(path: string, bytes: Buffer, username: string): Buffer | undefined {
  const line = parseSharedKeyLines(bytes).find((one) => usernameOf(one) === username)
  if (!line) return undefined
  const place = { path, line: line.number, username }
  if (line.kind !== 'key') return fail(OBJECT_KINDS.invalidKey, place)
  const { length } = line.key
  if (length < MIN_KEY) fail(OBJECT_KINDS.shortKey, { ...place, length, least: MIN_KEY })
  return line.key
}

/** What is wrong with the file, or may not be meant. Nothing of a key is ever part of it. */
export function checkSharedKeys(path: string, bytes: Buffer): readonly Diagnostic[] {
  const seen = new Set<string>()
  return parseSharedKeyLines(bytes).flatMap((line) => {
    if (line.kind === 'comment') return []
    const username = usernameOf(line)
    const isSecond = username !== undefined && seen.has(username)
    if (username !== undefined) seen.add(username)
    return isSecond
      ? [diagnose(OBJECT_KINDS.repeatedUser, { path, line: line.number, username })]
      : checkLine(path, line)
  })
}

function checkLine(path: string, line: SharedKeyLine): readonly Diagnostic[] {
  const { number } = line
  if (line.kind === 'malformed') {
    return [diagnose(OBJECT_KINDS.strayLine, { path, line: number })]
  }
  if (line.kind === 'comment' || line.key.length >= MIN_KEY) return []
  const data = { path, line: number, username: line.username }
  return [diagnose(OBJECT_KINDS.shortKey, { ...data, length: line.key.length, least: MIN_KEY })]
}

/** A warning where users other than the owner and the group can read the keys, or the group change them. */
export function checkSharedKeysMode(path: string): readonly Diagnostic[] {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0
  if ((mode & 0o026) === 0) return []
  const octal = `0${(mode & 0o777).toString(8)}`
  return [diagnose(OBJECT_KINDS.keysExposed, { path, mode: octal })]
}

function usernameOf(line: SharedKeyLine): string | undefined {
  return line.kind === 'comment' ? undefined : line.username
}

/** Files of shared keys, as psktool writes them: lines of `USER:KEY`, the key in hexadecimal. */
import { fail } from '../../diagnostics/diagnostic.ts'
import type { Source, Span } from '../../diagnostics/source.ts'
import { readTextFile } from '../../files/text-file.ts'
import { OBJECT_KINDS } from './object-diagnostics.ts'

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
   * @throws DiagnosticError where the file cannot be read or the line is no key.
   */
  find(username: string): Buffer | undefined {
    return findSharedKey(readTextFile(this.path), username)
  }
}

/** The key of the first line that begins with the whole name and a colon. */
export function findSharedKey(source: Source, username: string): Buffer | undefined {
  const prefix = `${username}:`
  // A name with a line end could be made of the key of another user.
  if (username === '' || /[\n\r:]/.test(username)) return undefined
  let start = 0
  for (const line of source.text.split('\n')) {
    if (line.startsWith(prefix)) return decodeKey(source, start, line, username)
    start += line.length + 1
  }
  return undefined
}

function decodeKey(source: Source, start: number, line: string, username: string): Buffer {
  const hex = line.slice(username.length + 1).trim()
  const isKey = /^(?:[0-9A-Fa-f]{2})+$/.test(hex) && hex.length <= MAX_KEY * 2
  if (isKey) return Buffer.from(hex, 'hex')
  // Only the name is shown: the rest of the line is secret, even where it is mistyped.
  return fail(OBJECT_KINDS.invalidKey, { username }, nameOnly(source, start, username))
}

/** The longest key that OpenSSL takes, in bytes. */
const MAX_KEY = 512

/** A place whose excerpt does not show the key. */
function nameOnly({ name, text }: Source, start: number, username: string): Span {
  const shown = text.slice(0, start).replace(/[^\n]/g, ' ') + username
  return { source: { name, text: shown }, start, end: start + username.length }
}

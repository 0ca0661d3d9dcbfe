/**
 * The lines of a file of shared keys, as psktool of GnuTLS writes them: `USER:KEY`, the key in
 * hexadecimal. The server, the client, `pki psk` and `pki check` all read the file with this parser.
 */

/** The shortest key that is used, in bytes: shorter ones can be guessed (RFC 9257 section 6). */
export const MIN_KEY = 16

/** The longest key that OpenSSL takes, in bytes. */
const MAX_KEY = 512

type Line = {
  /** Counts from 1. */
  readonly number: number
  /** The bytes of the line one to one, without its end. */
  readonly text: string
}

export type SharedKeyLine = Line &
  (
    | { readonly kind: 'key'; readonly username: string; readonly key: Buffer }
    /** A comment, or an empty line. */
    | { readonly kind: 'comment' }
    /** Not `USER:KEY`. The name is there if it is one. */
    | { readonly kind: 'malformed'; readonly username?: string }
  )

/**
 * Reads every line. A line that begins with `#` is a comment, so a user is revoked by commenting the
 * line out. GnuTLS takes such a line for a user whose name is in hexadecimal; here it never is one.
 *
 * @param bytes Of the whole file. A bad line spoils no other line.
 */
export function parseSharedKeyLines(bytes: Buffer): readonly SharedKeyLine[] {
  const text = bytes.toString('latin1').replace(BYTE_ORDER_MARK, '')
  return text.split('\n').map((line, index) => parseLine({ number: index + 1, text: line }))
}

/** The mark of UTF-8. An editor that adds one must not turn a comment into a user. */
const BYTE_ORDER_MARK = /^\xef\xbb\xbf/

function parseLine(line: Line): SharedKeyLine {
  if (/^\s*(?:#|$)/.test(line.text)) return { ...line, kind: 'comment' }
  const colon = line.text.indexOf(':')
  // Without a colon the name is empty.
  const username = Buffer.from(line.text.slice(0, Math.max(colon, 0)), 'latin1').toString('utf8')
  if (problemWithUsername(username)) return { ...line, kind: 'malformed' }
  const hex = line.text.slice(colon + 1).trim()
  const isKey = /^(?:[0-9A-Fa-f]{2})+$/.test(hex) && hex.length <= MAX_KEY * 2
  if (!isKey) return { ...line, kind: 'malformed', username }
  return { ...line, kind: 'key', username, key: Buffer.from(hex, 'hex') }
}

/**
 * Why a name cannot stand in the file, if it cannot. The signs that begin a comment elsewhere begin
 * no name: a user whose line was commented out with them could come back under that name.
 */
export function problemWithUsername(name: string): string | undefined {
  if (name === '') return 'it is empty'
  const [, sign] = /^(#|;|\/\/|--)/.exec(name) ?? []
  if (sign !== undefined) return `it begins with ${sign}`
  if (name.includes(':')) return 'it has a colon'
  if (/^\s|\s$|[\p{Cc}\p{Cs}\ufffd]/u.test(name)) return 'it has white space or control characters'
  return undefined
}

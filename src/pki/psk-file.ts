/** keys.psk: pre-shared keys by user, a line `user:hexkey` each, as psktool of GnuTLS writes them. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { fail } from '../diagnostics/diagnostic.ts'
import { withFileLock } from '../files/file-lock.ts'
import { readBytes } from '../files/text-file.ts'
import { parseSharedKeyLines, problemWithUsername } from '../tls/credentials/shared-key-lines.ts'
import { lookAt, prepareFolder, writeCredentials } from './credential-writing.ts'
import { PKI_KINDS } from './pki-diagnostics.ts'

export const PSK_FILE = 'keys.psk'

export type PskRequest = {
  readonly folder: string
  readonly user: string
  /** Of the key. */
  readonly bits?: number
}

export type PskChange = {
  readonly path: string
  readonly user: string
  readonly bits: number
  /** The user had a key before. */
  readonly isReplaced: boolean
}

const DEFAULT_PSK_BITS = 256

/** GnuTLS reads keys of up to this many bytes; below 128 bits a key can be guessed. */
export const MAX_PSK_BITS = 512
export const MIN_PSK_BITS = 128

/** Identities of TLS may have 65,535 octets; peers take fewer. */
const MAX_USER_BYTES = 128

/**
 * Gives a user a new key. The keys of others stay as they are, comments too.
 *
 * @throws DiagnosticError PKI_PSK_USER_INVALID, PKI_PSK_MALFORMED, PKI_PSK_BUSY, FILE_...
 */
export function replacePsk({ folder, user, bits = DEFAULT_PSK_BITS }: PskRequest): PskChange {
  requireUserName(user)
  const path = join(folder, PSK_FILE)
  lookAt(path)
  prepareFolder(folder)
  // Another run may be adding its user, whose key would be lost.
  const giveUp = () => fail(PKI_KINDS.pskBusy, { path })
  return withFileLock(`${path}.lock`, { giveUp }, () => {
    const before = lookAt(path) ? readBytes(path) : Buffer.alloc(0)
    const { text, isReplaced } = withKey(path, before, user, randomBytes(bits / 8).toString('hex'))
    writeCredentials([{ path, text, secret: true }], { root: folder, force: true })
    return { path, user, bits, isReplaced }
  })
}

/**
 * Reads the value of `--bits`.
 *
 * @throws DiagnosticError PKI_PSK_BITS_INVALID.
 */
export function parsePskBits(text: string): number {
  const bits = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (bits >= MIN_PSK_BITS && bits <= MAX_PSK_BITS && bits % 8 === 0) return bits
  return fail(PKI_KINDS.pskBitsInvalid, { text, least: MIN_PSK_BITS, most: MAX_PSK_BITS })
}

function requireUserName(user: string): void {
  const reason =
    problemWithUsername(user) ??
    (/\s/.test(user) ? 'it has white space or control characters' : undefined) ??
    (Buffer.byteLength(user) > MAX_USER_BYTES
      ? `it is longer than ${MAX_USER_BYTES} bytes`
      : undefined)
  if (reason !== undefined) fail(PKI_KINDS.pskUserInvalid, { user, reason })
}

/** A file that is something else is not to be added to. Its text is not shown: it may hold keys. */
function withKey(path: string, before: Buffer, user: string, key: string) {
  const lines = parseSharedKeyLines(before)
  const kept = lines.filter((line) => line.kind === 'comment' || line.username !== user)
  const stray = kept.find(({ kind }) => kind === 'malformed')
  if (stray) fail(PKI_KINDS.pskMalformed, { path, line: stray.number })
  const texts = kept.map(({ text }) => text)
  if (texts.at(-1) === '') texts.pop()
  const line = Buffer.from(`${user}:${key}\n`, 'utf8').toString('latin1')
  const text = Buffer.from([...texts, line].join('\n'), 'latin1')
  return { text, isReplaced: kept.length < lines.length }
}

/** Private keys in files: PKCS#8 in PEM, encrypted where there is a passphrase. */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { fail } from '../diagnostics/diagnostic.ts'
import { readBytes, readTextFile } from '../files/text-file.ts'
import { PKI_KINDS } from './pki-diagnostics.ts'

/** Encrypts with AES-256 (PBES2, RFC 8018), which OpenSSL and GnuTLS can read. */
const CIPHER = 'aes-256-cbc'

export function encodePrivateKey(key: KeyObject, passphrase?: string): string {
  const format = { type: 'pkcs8', format: 'pem' } as const
  if (passphrase === undefined) return key.export(format)
  return key.export({ ...format, cipher: CIPHER, passphrase })
}

/**
 * Reads a private key. What node:crypto says of one that it cannot read is not repeated: only
 * whether it is encrypted is of use.
 *
 * @throws DiagnosticError FILE_..., PKI_KEY_UNREADABLE, PKI_PASSPHRASE_MISSING or
 *   PKI_PASSPHRASE_WRONG.
 */
export function readPrivateKey(path: string, passphrase?: string): KeyObject {
  const pem = readBytes(path)
  const isEncrypted = /ENCRYPTED/.test(pem.toString('latin1'))
  if (isEncrypted && passphrase === undefined) fail(PKI_KINDS.passphraseMissing, { path })
  try {
    return createPrivateKey({ key: pem, ...(isEncrypted ? { passphrase } : {}) })
  } catch {
    return fail(isEncrypted ? PKI_KINDS.passphraseWrong : PKI_KINDS.keyUnreadable, { path })
  }
}

/**
 * Reads a passphrase: the first line of a file, so that it never stands in a command line.
 *
 * @throws DiagnosticError FILE_... or PKI_PASSPHRASE_EMPTY.
 */
export function readPassphrase(path: string): string {
  const [line = ''] = readTextFile(path).text.split('\n')
  const passphrase = line.replace(/\r$/, '')
  if (passphrase === '') fail(PKI_KINDS.passphraseEmpty, { path })
  return passphrase
}

/** Private keys in files: PKCS#8 in PEM, encrypted where there is a passphrase. */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { findPemBlock, type PemText } from '../asn1/pem.ts'
import { fail } from '../diagnostics/diagnostic.ts'
import { readBytes, readNamedSecretFile } from '../files/text-file.ts'
import { isKeyEncrypted } from '../x509/private-key.ts'
import { isCommonPassphrase } from './pkcs12/passphrase.ts'
import { PKCS12_KINDS } from './pkcs12/pkcs12-diagnostics.ts'
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
  const block = readKeyBlock(path)
  if (!block) return fail(PKI_KINDS.keyUnreadable, { path })
  const isEncrypted = isKeyEncrypted(block)
  if (isEncrypted && passphrase === undefined) fail(PKI_KINDS.passphraseMissing, { path })
  try {
    return createPrivateKey({ key: block.text, ...(isEncrypted ? { passphrase } : {}) })
  } catch {
    return fail(isEncrypted ? PKI_KINDS.passphraseWrong : PKI_KINDS.keyUnreadable, { path })
  }
}

/** Whether the file holds a private key that needs a passphrase. */
export function isKeyFileEncrypted(path: string): boolean {
  const block = readKeyBlock(path)
  return block !== undefined && isKeyEncrypted(block)
}

function readKeyBlock(path: string): PemText | undefined {
  return findPemBlock({ name: path, text: readBytes(path).toString('latin1') }, 'PRIVATE KEY')
}

/**
 * Reads a passphrase for a new PKCS #12 file.
 *
 * @throws DiagnosticError as readPassphrase, PKI_P12_PASSPHRASE_AMBIGUOUS.
 */
export function readCommonPassphrase(path: string): string {
  const passphrase = readPassphrase(path)
  if (isCommonPassphrase(passphrase)) return passphrase
  return fail(PKCS12_KINDS.passphraseAmbiguous, { path })
}

/**
 * Reads a passphrase: the first line of a file, so that it never stands in a command line.
 *
 * @throws DiagnosticError FILE_... or PKI_PASSPHRASE_EMPTY.
 */
export function readPassphrase(path: string): string {
  const [line = ''] = readNamedSecretFile(path).text.split('\n')
  const passphrase = line.replace(/\r$/, '')
  if (passphrase === '') fail(PKI_KINDS.passphraseEmpty, { path })
  return passphrase
}

/** Private keys in PEM files, encrypted ones too. */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { statSync } from 'node:fs'
import { hasPemBlock } from '../asn1/pem.ts'
import { type Diagnostic, diagnose, fail } from '../diagnostics/diagnostic.ts'
import type { Source } from '../diagnostics/source.ts'
import { X509_KINDS } from './x509-diagnostics.ts'

/**
 * The private key of a PEM text. Nothing of the text is ever part of a message.
 *
 * @throws DiagnosticError TLS_CREDENTIALS_KEY_... where there is none, or it cannot be decrypted.
 */
export function parsePrivateKey(source: Source, passphrase?: string): KeyObject {
  const { name: keyFile, text } = source
  if (!hasPemBlock(source, 'PRIVATE KEY')) {
    fail(X509_KINDS.keyMalformed, { keyFile, reason: 'it has no PEM block of a private key' })
  }
  try {
    return createPrivateKey({ key: text, ...(passphrase === undefined ? {} : { passphrase }) })
  } catch (error) {
    const isEncrypted = /BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/.test(text)
    if (isEncrypted && passphrase === undefined) fail(X509_KINDS.keyEncrypted, { keyFile })
    if (isEncrypted) fail(X509_KINDS.keyPassphrase, { keyFile })
    fail(X509_KINDS.keyMalformed, { keyFile, reason: (error as Error).message })
  }
}

/** Others than the owner and the group: 0640 with a group of the service is how hosts are set up. */
const OTHERS = 0o006

/** A warning where every user can read or change a key. */
export function checkKeyMode(keyFile: string): readonly Diagnostic[] {
  const mode = statSync(keyFile, { throwIfNoEntry: false })?.mode ?? 0
  if ((mode & OTHERS) === 0) return []
  const octal = `0${(mode & 0o777).toString(8)}`
  return [diagnose(X509_KINDS.keyReadable, { keyFile, mode: octal })]
}

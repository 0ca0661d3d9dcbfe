/** Private keys in PEM files, encrypted ones too. */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { statSync } from 'node:fs'
import { DER, readOnly } from '../asn1/der.ts'
import { findPemBlock, type PemText } from '../asn1/pem.ts'
import { type Diagnostic, DiagnosticError, diagnose, fail } from '../diagnostics/diagnostic.ts'
import type { Source } from '../diagnostics/source.ts'
import { X509_KINDS } from './x509-diagnostics.ts'

/**
 * The private key of a PEM text, the first that there is. What stands before it is passed over, as
 * GnuTLS does: a byte order mark, for instance. Nothing of the text is ever part of a message.
 *
 * @throws DiagnosticError TLS_CREDENTIALS_KEY_... where there is none, or it cannot be decrypted.
 */
export function parsePrivateKey(source: Source, passphrase?: string): KeyObject {
  const { name: keyFile } = source
  const block = findPemBlock(source, 'PRIVATE KEY')
  if (!block) {
    const reason = 'it has no PEM block of a private key'
    return fail(X509_KINDS.keyMalformed, { keyFile, reason })
  }
  try {
    return createPrivateKey({
      key: block.text,
      ...(passphrase === undefined ? {} : { passphrase }),
    })
  } catch (error) {
    const reason = problemWithDer(block)
    if (reason !== undefined) fail(X509_KINDS.keyMalformed, { keyFile, reason })
    const isEncrypted = isKeyEncrypted(block)
    if (isEncrypted && passphrase === undefined) fail(X509_KINDS.keyEncrypted, { keyFile })
    if (isEncrypted) fail(X509_KINDS.keyPassphrase, { keyFile })
    return fail(X509_KINDS.keyMalformed, { keyFile, reason: reasonOfOpenssl(error) })
  }
}

/** PKCS #8, or the older form with headers (RFC 1421 section 4.6.1.1). */
export function isKeyEncrypted({ label, text }: PemText): boolean {
  return label === 'ENCRYPTED PRIVATE KEY' || hasHeaders(text)
}

function hasHeaders(text: string): boolean {
  return /^Proc-Type: 4,ENCRYPTED\s*$/m.test(text)
}

/** OpenSSL says "unsupported" also of bytes that are no DER. */
function problemWithDer({ text, decode }: PemText): string | undefined {
  if (hasHeaders(text)) return undefined
  try {
    readOnly(decode(), DER.sequence)
    return undefined
  } catch (error) {
    if (error instanceof DiagnosticError) throw error
    return (error as Error).message
  }
}

/** The last word of OpenSSL is mostly that no decoder took it; the ones before say why. */
function reasonOfOpenssl(error: unknown): string {
  const { message, opensslErrorStack = [] } = error as Error & { opensslErrorStack?: string[] }
  const last = opensslErrorStack.findLast((line) => !line.includes('DECODER routines')) ?? message
  return `OpenSSL says: ${last.split(':').at(-1)}`
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

/** Every error and warning of PKCS #12 files, in one place. */
import { type DiagnosticKind, defineKinds } from '../../diagnostics/diagnostic.ts'

type Kind<Data> = DiagnosticKind<Data>

const malformed: Kind<{ path: string; reason: string }> = {
  code: 'PKI_P12_MALFORMED',
  severity: 'error',
  fault: 'input',
  summary:
    'A file is not PKCS #12 as RFC 7292 describes it: it is cut off, damaged or another thing.',
  message: ({ path, reason }) => `${path} is no PKCS #12 file: ${reason}`,
  hint: () => 'look at it with openssl pkcs12 -info -in FILE, or get it again',
}

const unsupported: Kind<{ path: string; what: string }> = {
  code: 'PKI_P12_UNSUPPORTED',
  severity: 'error',
  fault: 'input',
  summary: 'A PKCS #12 file is protected in a way that is not read.',
  message: ({ path, what }) => `${path} cannot be read: it uses ${what}`,
  hint: () =>
    'write it anew with AES: openssl pkcs12 -in FILE -out all.pem, openssl pkcs12 -export -in all.pem',
}

const tooCostly: Kind<{ path: string; limit: number }> = {
  code: 'PKI_P12_TOO_COSTLY',
  severity: 'error',
  fault: 'input',
  summary:
    'To open a PKCS #12 file would take far more work than any program asks for. Such files are made to keep their reader busy.',
  message: ({ path, limit }) => `${path} asks for more than ${limit} iterations`,
  hint: () => 'use it only if you know who made it, and have it written anew with fewer',
}

const passphraseWrong: Kind<{ path: string }> = {
  code: 'PKI_P12_PASSPHRASE_WRONG',
  severity: 'error',
  fault: 'input',
  summary: 'The passphrase does not open the PKCS #12 file, or the file was changed.',
  message: ({ path }) => `${path} has another passphrase, or it is damaged`,
  hint: () => 'the passphrase is the first line of the file of --passphrase-file, spaces included',
}

const passphraseMissing: Kind<{ path: string }> = {
  code: 'PKI_P12_PASSPHRASE_MISSING',
  severity: 'error',
  fault: 'usage',
  summary: 'A PKCS #12 file with a key has a passphrase, and none was given.',
  message: ({ path }) => `${path} needs a passphrase`,
  hint: () => 'put it into the first line of a file: --passphrase-file FILE',
}

const passphraseAmbiguous: Kind<{ path: string }> = {
  code: 'PKI_P12_PASSPHRASE_AMBIGUOUS',
  severity: 'error',
  fault: 'input',
  summary:
    'Programs disagree about some characters in the passphrase of a PKCS #12 file, so that one could not open what another wrote.',
  message: ({ path }) =>
    `the passphrase in ${path} has characters that programs encode in different ways`,
  hint: () =>
    'use letters, digits, signs and plain spaces; an accent belongs into its letter (Unicode form NFC)',
}

const outdated: Kind<{ path: string; names: readonly string[] }> = {
  code: 'PKI_P12_OUTDATED',
  severity: 'warning',
  fault: 'answer',
  summary:
    'A PKCS #12 file is protected in an old way, which is broken with little work. Its key may be known to those who had the file.',
  message: ({ path, names }) => `${path} is protected with ${names.join(', ')} only`,
  hint: () =>
    'where others may have had the file, make a new key: cryptopolicy pki renew --new-key',
}

const unprotected: Kind<{ path: string }> = {
  code: 'PKI_P12_NO_MAC',
  severity: 'warning',
  fault: 'answer',
  summary: 'A PKCS #12 file has no code that shows whether it was changed on its way.',
  message: ({ path }) => `${path} does not show whether it was changed on its way`,
  hint: () => 'compare the fingerprint of its certificate with what its maker tells you',
}

const keyCount: Kind<{ path: string; count: number }> = {
  code: 'PKI_P12_KEY_COUNT',
  severity: 'error',
  fault: 'input',
  summary: 'A PKCS #12 file that is imported holds one private key.',
  message: ({ path, count }) => `${path} holds ${count === 0 ? 'no' : count} private keys, not one`,
  hint: () => 'have it written with one key and the certificates of that key',
}

const noCertificate: Kind<{ path: string }> = {
  code: 'PKI_P12_NO_CERTIFICATE',
  severity: 'error',
  fault: 'input',
  summary: 'A PKCS #12 file holds no certificate of its private key.',
  message: ({ path }) => `${path} holds no certificate of its key`,
  hint: () => 'have it written with the certificate: openssl pkcs12 -export -in CERT -inkey KEY',
}

const noAuthority: Kind<{ path: string; file: string }> = {
  code: 'PKI_P12_NO_AUTHORITY',
  severity: 'error',
  fault: 'input',
  summary: 'Neither a PKCS #12 file nor the folder has the root that the certificate leads to.',
  message: ({ path, file }) => `${path} holds no root, and there is no ${file}`,
  hint: ({ file }) => `put the certificate of the root into ${file} first`,
}

const leftOut: Kind<{ path: string; left: readonly string[] }> = {
  code: 'PKI_P12_LEFT_OUT',
  severity: 'warning',
  fault: 'answer',
  summary: 'A PKCS #12 file holds what does not belong to its key; that was not imported.',
  message: ({ path, left }) => `${path} also holds what was left out: ${left.join(', ')}`,
  hint: () =>
    'nothing needs it here; what belongs to another key is imported from a file of its own',
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const PKCS12_KINDS = defineKinds({
  malformed,
  unsupported,
  tooCostly,
  passphraseWrong,
  passphraseMissing,
  passphraseAmbiguous,
  outdated,
  unprotected,
  keyCount,
  noCertificate,
  noAuthority,
  leftOut,
})

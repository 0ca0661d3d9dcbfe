/** Errors and warnings of keys, their strength and their passphrases. */
import { type DiagnosticKind, defineKinds } from '../diagnostics/diagnostic.ts'
import { nearestOrKnown } from '../diagnostics/suggestion.ts'
import { quoted } from './quoted-value.ts'

type Kind<Data> = DiagnosticKind<Data>

const unknownKey: Kind<{ text: string; known: readonly string[] }> = {
  code: 'PKI_KEY_UNKNOWN',
  severity: 'error',
  fault: 'usage',
  summary: 'The value of --key names no kind of key.',
  message: ({ text }) => `unknown kind of key ${quoted(text)}`,
  hint: ({ text, known }) => nearestOrKnown(text, known),
}

const unknownKeySize: Kind<{ text: string; known: string | undefined }> = {
  code: 'PKI_KEY_SIZE_UNKNOWN',
  severity: 'error',
  fault: 'usage',
  summary: 'The value of --key names a size or a curve that keys of its kind cannot have.',
  message: ({ text }) => `there is no key ${quoted(text)}`,
  hint: ({ known }) => (known ? `after the colon goes ${known}` : 'leave out the colon'),
}

const runtimeLacksKey: Kind<{ type: string; runtime: string }> = {
  code: 'PKI_RUNTIME_LACKS_KEY',
  severity: 'error',
  fault: 'unavailable',
  summary: 'The OpenSSL that runs this program cannot make keys of the kind.',
  message: ({ type, runtime }) => `${runtime} cannot make ${type} keys`,
  hint: () => 'ML-DSA needs OpenSSL 3.5, which Node.js 24.7 and later has',
}

const keyTooWeak: Kind<{ key: string; needed: string; words: string; remedy: string }> = {
  code: 'PKI_KEY_TOO_WEAK',
  severity: 'error',
  fault: 'answer',
  summary:
    'The key, an existing one or one to be made, is smaller than the policy in force demands.',
  message: ({ key, needed, words }) => `${key} is too weak: \`${words}\` asks for ${needed}`,
  hint: ({ remedy }) => remedy,
}

const keyForbidden: Kind<{ key: string; name: string; remedy: string }> = {
  code: 'PKI_KEY_FORBIDDEN',
  severity: 'error',
  fault: 'answer',
  summary:
    'The policy in force allows no handshake with keys of this kind: it forbids their curve or their signatures, or it does not name them.',
  message: ({ key, name }) =>
    `no endpoint could use a key of the kind ${key}: the policy does not allow ${name}`,
  hint: ({ remedy }) => remedy,
}

const noKeyAllowed: Kind<{ tried: readonly string[] }> = {
  code: 'PKI_NO_KEY_ALLOWED',
  severity: 'error',
  fault: 'answer',
  summary: 'The policy in force allows none of RSA, ECDSA and Ed25519.',
  message: ({ tried }) =>
    `the policy allows no key that would be chosen${tried.length > 0 ? ` (${tried.join(', ')})` : ''}`,
  hint: () => 'name a kind with --key',
}

const foreignKey: Kind<{ type: string; remedy: string }> = {
  code: 'PKI_KEY_UNKNOWN_TYPE',
  severity: 'error',
  fault: 'input',
  summary: 'The key that is there is of a kind that certificates are not issued for.',
  message: ({ type }) => `the key is of the kind ${type}, which is not one of ours`,
  hint: ({ remedy }) => remedy,
}

const signatureForbidden: Kind<{ key: string; names: readonly string[] }> = {
  code: 'PKI_SIGNATURE_FORBIDDEN',
  severity: 'error',
  fault: 'answer',
  summary: 'The policy in force forbids certificates every signature that the key can make.',
  message: ({ key, names }) =>
    `certificates may not be signed with ${names.join(', ')}, and a key ${key} makes no other`,
  hint: () => 'make an authority with another kind of key: cryptopolicy pki init --key',
}

const keyMismatch: Kind<{ certificate: string; key: string }> = {
  code: 'PKI_KEY_MISMATCH',
  severity: 'error',
  fault: 'input',
  summary: 'A key does not belong to the certificate beside it.',
  message: ({ certificate, key }) => `${key} is not the key of ${certificate}`,
  hint: () => 'where a renewal was cut short, run it again with --new-key',
}

const keyUnreadable: Kind<{ path: string }> = {
  code: 'PKI_KEY_UNREADABLE',
  severity: 'error',
  fault: 'input',
  summary: 'A file holds no private key in PEM.',
  message: ({ path }) => `${path} holds no private key`,
  hint: () => 'a key in DER becomes PEM by openssl pkey -inform DER -in FILE',
}

const passphraseMissing: Kind<{ path: string }> = {
  code: 'PKI_PASSPHRASE_MISSING',
  severity: 'error',
  fault: 'usage',
  summary: 'The key is encrypted and no passphrase was given.',
  message: ({ path }) => `${path} is encrypted`,
  hint: () => 'give its passphrase: --passphrase-file FILE',
}

const passphraseWrong: Kind<{ path: string }> = {
  code: 'PKI_PASSPHRASE_WRONG',
  severity: 'error',
  fault: 'input',
  summary: 'The key is encrypted with another passphrase.',
  message: ({ path }) => `${path} cannot be decrypted with that passphrase`,
  hint: () => 'the passphrase is the first line of its file, spaces included',
}

const passphraseEmpty: Kind<{ path: string }> = {
  code: 'PKI_PASSPHRASE_EMPTY',
  severity: 'error',
  fault: 'input',
  summary: 'The first line of the passphrase file is empty.',
  message: ({ path }) => `the first line of ${path} is to be a passphrase, and is empty`,
  hint: () => 'write the passphrase into the first line of the file',
}

const pskUserInvalid: Kind<{ user: string; reason: string }> = {
  code: 'PKI_PSK_USER_INVALID',
  severity: 'error',
  fault: 'usage',
  summary: 'The name of a user cannot stand in a file of pre-shared keys.',
  message: ({ user, reason }) => `${quoted(user)} cannot be a user of keys.psk: ${reason}`,
  hint: () => 'use letters, digits, dots and hyphens',
}

const pskBitsInvalid: Kind<{ text: string; least: number; most: number }> = {
  code: 'PKI_PSK_BITS_INVALID',
  severity: 'error',
  fault: 'usage',
  summary: 'The value of --bits is no size of a pre-shared key.',
  message: ({ text, least, most }) =>
    `${quoted(text)} is not a multiple of 8 from ${least} to ${most}`,
  hint: () => 'leave --bits out for a key of 256 bits',
}

const pskMalformed: Kind<{ path: string; line: number }> = {
  code: 'PKI_PSK_MALFORMED',
  severity: 'error',
  fault: 'input',
  summary:
    'A line of a file of pre-shared keys is not `user:hexkey`. The line itself is not shown.',
  message: ({ path, line }) => `line ${line} of ${path} is not user:hexkey`,
  hint: () => 'remove the line, and give its user a new key: cryptopolicy pki psk USER DIR',
}

const pskBusy: Kind<{ path: string }> = {
  code: 'PKI_PSK_BUSY',
  severity: 'error',
  fault: 'unavailable',
  summary: 'Another program changes the file of pre-shared keys all the time.',
  message: ({ path }) => `other runs are changing ${path} all the time`,
  hint: () => 'run it again',
}

export const KEY_KINDS = defineKinds({
  unknownKey,
  unknownKeySize,
  runtimeLacksKey,
  keyTooWeak,
  keyForbidden,
  noKeyAllowed,
  foreignKey,
  signatureForbidden,
  keyMismatch,
  keyUnreadable,
  passphraseMissing,
  passphraseWrong,
  passphraseEmpty,
  pskUserInvalid,
  pskBitsInvalid,
  pskMalformed,
  pskBusy,
})

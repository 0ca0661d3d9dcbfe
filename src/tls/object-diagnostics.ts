/** Every error and warning about the definition of objects, in one place. */
import { type DiagnosticKind, defineKinds } from '../diagnostics/diagnostic.ts'
import { didYouMean, nearestOrKnown } from '../diagnostics/suggestion.ts'

type Kind<Data> = DiagnosticKind<Data>

const unknownType: Kind<{ type: string; known: readonly string[] }> = {
  code: 'OBJECT_UNKNOWN_TYPE',
  severity: 'error',
  fault: 'input',
  summary: 'No object has this type.',
  // What stands there may be a secret whose type was left out.
  message: () => 'there is no such type of object',
  hint: ({ type, known }) => didYouMean(type, known) ?? `the types are ${known.join(', ')}`,
}

const unsupportedType: Kind<{ type: string; reason: string; hint: string }> = {
  code: 'OBJECT_UNSUPPORTED_TYPE',
  severity: 'error',
  fault: 'input',
  summary: 'QEMU has objects of this type, and this program does not.',
  message: ({ type, reason }) => `objects of type ${type} are not supported: ${reason}`,
  hint: ({ hint }) => hint,
}

const duplicateId: Kind<{ id: string }> = {
  code: 'OBJECT_DUPLICATE_ID',
  severity: 'error',
  fault: 'input',
  summary: 'Two objects have the same id.',
  message: ({ id }) => `there are two objects with the id \`${id}\``,
}

const conflictingProperties: Kind<{ what: string; reason: string; hint?: string }> = {
  code: 'OBJECT_CONFLICTING_PROPERTIES',
  severity: 'error',
  fault: 'input',
  summary: 'Two properties of an object exclude each other.',
  message: ({ what, reason }) => `${what}: ${reason}`,
  hint: ({ hint }) => hint,
}

const notFound: Kind<{ what: string; id: string; known: readonly string[] }> = {
  code: 'OBJECT_NOT_FOUND',
  severity: 'error',
  fault: 'missing',
  summary: 'Something names an object that is not there.',
  message: ({ what, id }) => `there is no ${what} object with the id \`${id}\``,
  hint: ({ id, known }) =>
    didYouMean(id, known) ??
    (known.length === 0 ? 'define it with --object' : `there is ${known.join(', ')}`),
}

const secretNotFound: Kind<{ property: string; known: readonly string[] }> = {
  code: 'OBJECT_SECRET_NOT_FOUND',
  severity: 'error',
  fault: 'missing',
  summary: 'A property names a secret that is not there.',
  message: ({ property }) => `${property} is not the id of a secret; its value is not shown here`,
  hint: ({ known }) =>
    known.length === 0
      ? 'define one with --object secret,id=ID,file=FILE and give its id, never the passphrase itself'
      : `give the id of a secret, never the passphrase itself; there is ${known.join(', ')}`,
}

const absent: Kind<{ id: string; known: readonly string[] }> = {
  code: 'OBJECT_ABSENT',
  severity: 'error',
  fault: 'usage',
  summary: 'The object that was asked for does not exist.',
  message: ({ id }) => `object '${id}' not found`,
  hint: ({ id, known }) => nearestOrKnown(id, known),
}

const inUse: Kind<{
  id: string
  needing: readonly string[]
  holders: number
  /** The property that was to be changed; without it the object was to be removed. */
  changed?: string
}> = {
  code: 'OBJECT_IN_USE',
  severity: 'error',
  fault: 'answer',
  summary:
    'Endpoints or other objects use the object, so it is not removed, and keeps its side. It can be removed so that they keep its last load.',
  message: ({ id, changed }) =>
    changed === undefined
      ? `object '${id}' is in use, can not be deleted`
      : `object '${id}' is in use, so its \`${changed}\` cannot be changed`,
  hint: ({ needing, holders, changed }) => {
    const users = holders === 0 ? [] : [holders === 1 ? 'one endpoint' : `${holders} endpoints`]
    const remedy =
      changed === undefined ? "with mode 'hard' its last load goes on" : 'end that before'
    const isOne = needing.length + holders === 1
    const who = [...needing.map((id) => `\`${id}\``), ...users].join(' and ')
    return `${who} ${isOne ? 'uses' : 'use'} it; ${remedy}`
  },
}

const wrongType: Kind<{ id: string; type: string; wanted: string }> = {
  code: 'OBJECT_WRONG_TYPE',
  severity: 'error',
  fault: 'input',
  summary: 'Something names an object of another type than it needs.',
  message: ({ id, type, wanted }) => `the object \`${id}\` is ${type}, not ${wanted}`,
}

const wrongEndpoint: Kind<{ id: string; endpoint: string; wanted: string }> = {
  code: 'OBJECT_WRONG_ENDPOINT',
  severity: 'error',
  fault: 'input',
  summary:
    'Credentials are for one side of a connection, which their property `endpoint` names; the other side asked for them.',
  message: ({ id, endpoint, wanted }) =>
    `the credentials \`${id}\` are for a ${endpoint}, and a ${wanted} needs them`,
  hint: ({ wanted }) => `add endpoint=${wanted}, or define a second object for the same dir`,
}

const uselessAuthorization: Kind<{ authorization: string; credentials: string; reason: string }> = {
  code: 'OBJECT_USELESS_AUTHORIZATION',
  severity: 'error',
  fault: 'input',
  summary:
    'An authorization is to decide by certificates, and the endpoint asks for none. QEMU ignores it silently and lets every client in.',
  message: ({ authorization, credentials, reason }) =>
    `\`${authorization}\` could not decide anything: the credentials \`${credentials}\` ${reason}`,
  hint: () => 'use tls-creds-x509 with verify-peer=on, or leave the authorization out',
}

const secretUnusable: Kind<{ id: string; reason: string; hint?: string }> = {
  code: 'OBJECT_SECRET_UNUSABLE',
  severity: 'error',
  fault: 'input',
  summary: 'A secret cannot be decoded or decrypted.',
  message: ({ id, reason }) => `the secret \`${id}\` cannot be used: ${reason}`,
  hint: ({ hint }) => hint,
}

const contextRefused: Kind<{ reason: string }> = {
  code: 'OBJECT_CREDENTIALS_REFUSED',
  severity: 'error',
  fault: 'input',
  summary:
    'OpenSSL does not take the certificate or the key, for instance since it is weaker than the priority string allows.',
  message: ({ reason }) => `OpenSSL does not take the certificate or its key: ${reason}`,
}

const unusedDhParameters: Kind<{ path: string }> = {
  code: 'OBJECT_UNUSED_DH_PARAMETERS',
  severity: 'warning',
  fault: 'answer',
  summary:
    'A file of Diffie-Hellman parameters is there and not used: the groups of RFC 7919 take its place, as in present releases of QEMU without the file.',
  message: ({ path }) => `${path} is not used: the groups of RFC 7919 take its place`,
  hint: () => 'remove the file',
}

const sameKeyType: Kind<{ file: string; first: string; type: string }> = {
  code: 'OBJECT_SAME_KEY_TYPE',
  severity: 'warning',
  fault: 'answer',
  summary: 'OpenSSL takes one certificate of each type of key, so a second one is never shown.',
  message: ({ file, first, type }) =>
    `${file} is never shown: it has an ${type} key as ${first} has`,
}

const costlyVerification: Kind<object> = {
  code: 'OBJECT_COSTLY_VERIFICATION',
  severity: 'warning',
  fault: 'answer',
  summary:
    'OpenSSL verifies the chains of clients, and this runtime cannot turn that off. So addresses whose handshakes fail have to wait before the next one.',
  message: () =>
    'OpenSSL verifies whatever certificates a client sends, and strangers can make that expensive: addresses whose handshakes fail have to wait',
  hint: () =>
    'install the package koffi with this one, and a Node.js that exports the functions of its OpenSSL, as those of nodejs.org do',
}

const missingUser: Kind<{ username: string; path: string }> = {
  code: 'OBJECT_MISSING_USER',
  severity: 'error',
  fault: 'input',
  summary: 'The file of shared keys has no line for the user name of the credentials.',
  message: ({ username, path }) => `${path} has no key for the user \`${username}\``,
  hint: ({ username }) => `psktool --username ${username} --pskfile keys.psk makes one`,
}

const invalidKey: Kind<{ path: string; line: number; username: string }> = {
  code: 'OBJECT_INVALID_SHARED_KEY',
  severity: 'error',
  fault: 'input',
  summary: 'A line of a file of shared keys is not `USER:KEY` with the key in hexadecimal.',
  message: ({ path, line, username }) =>
    `line ${line} of ${path}: the key of the user \`${username}\` is not hexadecimal`,
  hint: () => 'a line is USER:KEY, the key in hexadecimal',
}

const shortKey: Kind<{
  path: string
  line: number
  username: string
  length: number
  least: number
}> = {
  code: 'OBJECT_SHORT_SHARED_KEY',
  severity: 'error',
  fault: 'input',
  summary:
    'A shared key is so short that it can be guessed. It is not used; the other lines of the file are.',
  message: ({ path, line, username, length, least }) =>
    `line ${line} of ${path}: the key of the user \`${username}\` has ${length} bytes, and ${least} are needed`,
  hint: ({ username }) => `make a new one: cryptopolicy pki psk ${username} DIR`,
}

const repeatedUser: Kind<{ path: string; line: number; username: string }> = {
  code: 'OBJECT_REPEATED_USER',
  severity: 'warning',
  fault: 'input',
  summary:
    'A file of shared keys has two lines for a user. The first one counts, so taking away that one brings the second one into force.',
  message: ({ path, line, username }) =>
    `line ${line} of ${path} is not used: the user \`${username}\` has a line above it`,
  hint: () => 'remove one of the two lines',
}

const strayLine: Kind<{ path: string; line: number }> = {
  code: 'OBJECT_STRAY_SHARED_KEY_LINE',
  severity: 'warning',
  fault: 'input',
  summary:
    'A line of a file of shared keys is neither `USER:KEY` nor a comment, so it lets no user in. The line itself is not shown.',
  message: ({ path, line }) => `line ${line} of ${path} is no USER:KEY, so it is not used`,
  hint: () => 'a line that begins with # is a comment',
}

const keysExposed: Kind<{ path: string; mode: string }> = {
  code: 'OBJECT_SHARED_KEYS_EXPOSED',
  severity: 'warning',
  fault: 'answer',
  summary: 'Users other than the owner can read the shared keys of a file, or change them.',
  message: ({ path, mode }) =>
    `${path}: others can read or change the shared keys: its mode is ${mode}`,
  hint: ({ path }) => `chmod g-w,o-rwx ${path}, and make new keys if others may have read them`,
}

const listGone: Kind<{ file: string; issuer: string }> = {
  code: 'OBJECT_REVOCATION_LIST_GONE',
  severity: 'error',
  fault: 'input',
  summary:
    'A revocation list that is in force is missing in the new set of files. Without it, revoked certificates would be let in again, so the set in force stays.',
  message: ({ file, issuer }) => `${file}: the revocation list of \`${issuer}\` is gone`,
  hint: () => 'put the list back; to go without it, restart the program',
}

const olderList: Kind<{ file: string; issuer: string; thisUpdate: Date; inForce: Date }> = {
  code: 'OBJECT_REVOCATION_LIST_OLDER',
  severity: 'error',
  fault: 'input',
  summary:
    'The new set of files has an older revocation list than the one in force. Certificates that were revoked since would be let in again, so the set in force stays.',
  message: ({ file, issuer, thisUpdate, inForce }) =>
    `${file}: the revocation list of \`${issuer}\` of ${thisUpdate.toISOString()} is older than the one in force, of ${inForce.toISOString()}`,
  hint: () => 'put the newer list back; to go back to the older one, restart the program',
}

const invalidRule: Kind<{ reason: string; hint?: string }> = {
  code: 'OBJECT_INVALID_RULE',
  severity: 'error',
  fault: 'input',
  summary: 'A rule of an authorization can never match what it seems to match.',
  message: ({ reason }) => reason,
  hint: ({ hint }) => hint,
}

const loadFailed: Kind<{ message: string }> = {
  code: 'OBJECT_LOAD_FAILED',
  severity: 'error',
  fault: 'answer',
  summary:
    'An object could not be loaded anew for a reason that the program does not know. Its last load stays. Please report it.',
  message: ({ message }) => `loading it anew failed: ${message}`,
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const OBJECT_KINDS = defineKinds({
  absent,
  inUse,
  unknownType,
  unsupportedType,
  duplicateId,
  conflictingProperties,
  notFound,
  secretNotFound,
  wrongType,
  wrongEndpoint,
  uselessAuthorization,
  secretUnusable,
  contextRefused,
  unusedDhParameters,
  sameKeyType,
  costlyVerification,
  missingUser,
  invalidKey,
  shortKey,
  repeatedUser,
  strayLine,
  keysExposed,
  listGone,
  olderList,
  invalidRule,
  loadFailed,
})

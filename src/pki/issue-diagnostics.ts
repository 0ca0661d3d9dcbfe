/** Errors and warnings of authorities, certificates, requests and lists that are made, and the files they go to. */
import { printCount } from '../diagnostics/count.ts'
import { type DiagnosticKind, defineKinds } from '../diagnostics/diagnostic.ts'
import { quoted } from './quoted-value.ts'

type Kind<Data> = DiagnosticKind<Data>

const hostnameInvalid: Kind<{ hostname: string }> = {
  code: 'PKI_HOSTNAME_INVALID',
  severity: 'error',
  fault: 'usage',
  summary: 'The value of --hostname is neither the name of a host nor an address.',
  message: ({ hostname }) => `--hostname ${quoted(hostname)} is no name of a host and no address`,
  hint: () => 'clients refuse it: give the name or address alone, without a port or a path',
}

const nothingToRetire: Kind<{ path: string }> = {
  code: 'PKI_NOTHING_TO_RETIRE',
  severity: 'error',
  fault: 'missing',
  summary: 'No authority was replaced by one with a new key, so there is none to retire.',
  message: ({ path }) => `there is no former authority: ${path} is missing`,
  hint: () => 'retire follows cryptopolicy pki renew authority --new-key',
}

const requestMalformed: Kind<{ path: string; reason: string }> = {
  code: 'PKI_REQUEST_MALFORMED',
  severity: 'error',
  fault: 'input',
  summary: 'A file is no certificate request as RFC 2986 describes it.',
  message: ({ path, reason }) => `${path} is no certificate request: ${reason}`,
  hint: () => 'make one with cryptopolicy pki request, or with openssl req -new',
}

const requestUnsigned: Kind<{ path: string; reason: string }> = {
  code: 'PKI_REQUEST_UNSIGNED',
  severity: 'error',
  fault: 'input',
  summary: 'The signature of a request does not prove that its maker has the key.',
  message: ({ path, reason }) => `${path} does not prove that its maker has the key: ${reason}`,
  hint: () => 'have the request made again by the one who has the key',
}

const foreignCertificate: Kind<{ path: string; subject: string }> = {
  code: 'PKI_FOREIGN_CERTIFICATE',
  severity: 'error',
  fault: 'input',
  summary: 'The certificate to revoke was issued by another authority.',
  message: ({ path, subject }) => `${path}: ${subject} was not issued by this authority`,
  hint: () => 'name the folder of the authority that issued it',
}

const foreignList: Kind<{ path: string; issuer: string }> = {
  code: 'PKI_FOREIGN_LIST',
  severity: 'error',
  fault: 'input',
  summary:
    'The existing revocation list has the name of the authority, but its key did not sign it. So no newer list is made from it.',
  message: ({ path, issuer }) => `${path}: the list of ${issuer} is not signed by that authority`,
  hint: () => 'move the file away to begin a new list',
}

const lifetimeCut: Kind<{ date: string; days: number }> = {
  code: 'PKI_LIFETIME_CUT',
  severity: 'warning',
  fault: 'answer',
  summary:
    'A certificate would be valid for longer than the authority that signs it, so its time was cut.',
  message: ({ date, days }) =>
    `valid until ${date}, not for ${printCount(days, 'day')}: the authority ends then`,
  hint: () => 'make a new authority in time',
}

const fileExists: Kind<{ paths: readonly string[] }> = {
  code: 'PKI_FILE_EXISTS',
  severity: 'error',
  fault: 'write',
  summary: 'Certificates and keys that are there are not overwritten unasked.',
  message: ({ paths }) =>
    `${paths.join(' and ')} ${paths.length === 1 ? 'is' : 'are'} there already`,
  hint: () => 'use `pki renew` for a new certificate with the same names, or --force to replace it',
}

const fileInTheWay: Kind<{ path: string; what: string }> = {
  code: 'PKI_FILE_IN_THE_WAY',
  severity: 'error',
  fault: 'write',
  summary:
    'A folder, link or device stands in the place of a certificate or key that is to be written.',
  message: ({ path, what }) => `cannot replace ${path}: it is a ${what}`,
  hint: () => 'name the folder that it leads to, or remove it',
}

const fileForeign: Kind<{ path: string; folder: string }> = {
  code: 'PKI_FILE_FOREIGN',
  severity: 'error',
  fault: 'write',
  summary:
    'A file of another user stands in a folder that others may write to. That user would own the new secret, so the file is not replaced.',
  message: ({ path, folder }) =>
    `${path} belongs to another user, and others may write to ${folder}: the new file would be theirs`,
  hint: ({ folder }) => `remove the file, or chmod go-w ${folder} and make the file your own`,
}

const folderBusy: Kind<{ path: string }> = {
  code: 'PKI_FOLDER_BUSY',
  severity: 'error',
  fault: 'unavailable',
  summary: 'Another run changes the certificates and keys of the folder all the time.',
  message: ({ path }) => `another run is changing what is in ${path}`,
  hint: () => 'run it again',
}

const noAuthority: Kind<{ path: string; root: string }> = {
  code: 'PKI_NO_AUTHORITY',
  severity: 'error',
  fault: 'missing',
  summary: 'There is no authority in the folder that was named.',
  message: ({ path }) => `there is no authority: ${path} does not exist`,
  hint: ({ root }) => `make one: cryptopolicy pki init ${root}`,
}

const noAuthorityKey: Kind<{ path: string; certificate: string }> = {
  code: 'PKI_NO_AUTHORITY_KEY',
  severity: 'error',
  fault: 'missing',
  summary:
    'The folder that was named has the certificate of an authority and not its key, as the folder of an endpoint has.',
  message: ({ path, certificate }) =>
    `cannot sign: ${certificate} is there, and its key ${path} is not`,
  hint: () =>
    'DIR is the folder that pki init made; --out names the folder of the server or client',
}

const authorityUnfit: Kind<{ path: string; reason: string }> = {
  code: 'PKI_AUTHORITY_UNFIT',
  severity: 'error',
  fault: 'input',
  summary:
    'No peer would accept what this certificate signs: it is of no authority, or its time is over.',
  message: ({ path, reason }) => `cannot sign: the certificate ${path} ${reason}`,
  hint: () =>
    'make another authority with cryptopolicy pki init, or renew this one: cryptopolicy pki renew authority DIR',
}

const otherAuthority: Kind<{ path: string; root: string }> = {
  code: 'PKI_OTHER_AUTHORITY',
  severity: 'error',
  fault: 'write',
  summary: 'The folder has an authority already, and it is not the one that signs.',
  message: ({ path, root }) => `${path} does not hold the authority of ${root}`,
  hint: () => 'add the certificate of the authority to that file, or choose another folder',
}

const certificateMalformed: Kind<{ path: string }> = {
  code: 'PKI_CERTIFICATE_MALFORMED',
  severity: 'error',
  fault: 'input',
  summary: 'A file holds no certificate in PEM, or one that is broken.',
  message: ({ path }) => `${path} holds no certificate that can be read`,
  hint: () => 'a certificate in DER becomes PEM by openssl x509 -inform DER -in FILE',
}

const nothingToRenew: Kind<{ root: string; role: string | undefined }> = {
  code: 'PKI_NOTHING_TO_RENEW',
  severity: 'error',
  fault: 'missing',
  summary: 'There is no certificate of the role in the folder.',
  message: ({ root, role }) =>
    `there is no certificate of a ${role ?? 'server or client'} in ${root}`,
  hint: ({ role = 'server' }) =>
    `where it is in another folder, name that: --out FOLDER; else issue one: cryptopolicy pki issue ${role} DIR`,
}

const written: Kind<{ certificateFile: string; keyFile: string | undefined }> = {
  code: 'PKI_WRITTEN',
  severity: 'note',
  fault: 'answer',
  summary:
    'A run with `--json` failed after it had made this certificate. The data say what it is.',
  message: ({ certificateFile, keyFile }) =>
    keyFile === undefined
      ? `${certificateFile} was written before`
      : `${certificateFile} and ${keyFile} were written before`,
  hint: () => 'it may be used; run the command again for what failed',
}

const listTooLarge: Kind<{ path: string; limit: number }> = {
  code: 'PKI_LIST_TOO_LARGE',
  severity: 'error',
  fault: 'input',
  summary:
    'A revocation list has become so large that no endpoint would read it. It stays as it was.',
  message: ({ path, limit }) => `${path} would be larger than ${limit} bytes`,
  hint: () => 'renew the authority: cryptopolicy pki renew authority DIR --new-key',
}

export const ISSUE_KINDS = defineKinds({
  hostnameInvalid,
  nothingToRetire,
  requestMalformed,
  requestUnsigned,
  foreignCertificate,
  foreignList,
  listTooLarge,
  lifetimeCut,
  fileExists,
  fileInTheWay,
  fileForeign,
  folderBusy,
  noAuthority,
  noAuthorityKey,
  authorityUnfit,
  otherAuthority,
  certificateMalformed,
  nothingToRenew,
  written,
})

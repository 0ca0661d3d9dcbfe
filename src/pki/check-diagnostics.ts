/** Errors and warnings of what `pki check` finds. */
import { printCount } from '../diagnostics/count.ts'
import { type DiagnosticKind, defineKinds } from '../diagnostics/diagnostic.ts'

type Kind<Data> = DiagnosticKind<Data>

const folderWritable: Kind<{ path: string }> = {
  code: 'PKI_FOLDER_WRITABLE',
  severity: 'warning',
  fault: 'answer',
  summary: 'Every user of the host can put another key or authority in place.',
  message: ({ path }) => `every user can replace the files in ${path}`,
  hint: ({ path }) => `chmod o-w ${path}`,
}

const halfPair: Kind<{ there: string; missing: string }> = {
  code: 'PKI_HALF_PAIR',
  severity: 'error',
  fault: 'input',
  summary: 'A certificate without its key, or a key without its certificate.',
  message: ({ there, missing }) => `${there} is there without ${missing}`,
  hint: () =>
    'put back the file that is missing, or issue both again: cryptopolicy pki issue --force',
}

const nothingToCheck: Kind<{ root: string }> = {
  code: 'PKI_NOTHING_TO_CHECK',
  severity: 'error',
  fault: 'missing',
  summary: 'The folder holds no credentials under the names that QEMU and libvirt look for.',
  message: ({ root }) => `there are no credentials in ${root}`,
  hint: () => 'name the folder of QEMU, such as /etc/pki/qemu, or the one above libvirt, /etc/pki',
}

const hostNotCovered: Kind<{ hostname: string; option: string; names: readonly string[] }> = {
  code: 'PKI_HOST_NOT_COVERED',
  severity: 'error',
  fault: 'answer',
  summary: 'No certificate of a server is one for the name that clients connect to.',
  message: ({ hostname, names }) =>
    `no server certificate is one for ${hostname}: ${names.length > 0 ? `they have ${names.join(', ')}` : 'they have no names'}`,
  hint: ({ hostname, option }) => `issue one with --${option} ${hostname}`,
}

const expiresSoon: Kind<{ path: string; subject: string; date: string; daysLeft: number }> = {
  code: 'PKI_EXPIRES_SOON',
  severity: 'error',
  fault: 'answer',
  summary: 'A certificate expires within the days of --days.',
  message: ({ path, subject, date, daysLeft }) =>
    `${path}: ${subject} expires on ${date}, in ${printCount(daysLeft, 'day')}`,
  hint: () =>
    'renew it: cryptopolicy pki renew DIR --out FOLDER, where DIR has its authority; or one of an authority: cryptopolicy pki renew authority DIR',
}

const secretExposed: Kind<{ path: string }> = {
  code: 'PKI_SECRET_EXPOSED',
  severity: 'error',
  fault: 'answer',
  summary: 'Every user of the host can read or change a private key or pre-shared keys.',
  message: ({ path }) => `every user can read or change ${path}`,
  hint: ({ path }) => `chmod o= ${path}, and make a new key if others may have read it`,
}

const fileWritable: Kind<{ path: string; who: string }> = {
  code: 'PKI_FILE_WRITABLE',
  severity: 'error',
  fault: 'answer',
  summary:
    'Other users can change a file of credentials: put in a key that they know, or an authority that lets them in.',
  message: ({ path, who }) => `${who} can change ${path}`,
  hint: ({ path }) => `chmod go-w ${path}, and look whether it is still what it was`,
}

const foreignOwner: Kind<{ path: string; file: number; folder: number }> = {
  code: 'PKI_FOREIGN_OWNER',
  severity: 'error',
  fault: 'answer',
  summary:
    'A file of credentials or its folder belongs to a user who is neither root nor the one who asks, and who can replace the file. It is a warning where both belong to the same user.',
  message: ({ path, file, folder }) =>
    file === folder
      ? `${path} and its folder belong to user ${file}, who can replace it`
      : `${path} belongs to user ${file} and its folder to user ${folder}, who can replace it`,
  hint: ({ path }) => `chown both to root, or to the user of the service that reads ${path}`,
}

const authorityBeside: Kind<{ path: string; beside: string }> = {
  code: 'PKI_AUTHORITY_KEY_BESIDE',
  severity: 'warning',
  fault: 'answer',
  summary:
    'The key of the authority is on a host that only needs a certificate of its own. Who breaks into the host can make certificates for every name.',
  message: ({ path, beside }) => `the key of the authority, ${path}, is beside ${beside}`,
  hint: () => 'keep the authority in a folder and on a host of its own: pki issue --out',
}

const olderQemu: Kind<{ path: string; subject: string; reason: string }> = {
  code: 'PKI_OLDER_QEMU_REFUSES',
  severity: 'warning',
  fault: 'answer',
  summary:
    'An authority of the file that this endpoint does not need is unfit. QEMU 11 passes it over; QEMU 10 and older refuse the whole folder.',
  message: ({ path, subject, reason }) =>
    `${path}: ${subject} ${reason}: QEMU 10 and older refuse the folder, QEMU 11 takes it`,
  hint: () => 'remove that certificate from the file',
}

const listDue: Kind<{ path: string; issuer: string; date: string; daysLeft: number }> = {
  code: 'PKI_LIST_DUE_SOON',
  severity: 'error',
  fault: 'answer',
  summary: 'A newer revocation list is due within the days of --days.',
  message: ({ path, issuer, date, daysLeft }) =>
    `${path}: the list of ${issuer} is to be replaced by ${date}, in ${printCount(daysLeft, 'day')}`,
  hint: () => 'make the next one: cryptopolicy pki revoke DIR',
}

const identityUnread: Kind<{ path: string }> = {
  code: 'PKI_IDENTITY_UNREAD',
  severity: 'warning',
  fault: 'answer',
  summary: 'QEMU reads numbered identities from 0 up to the first number that is not there.',
  message: ({ path }) => `${path} is not read: an identity with a lower number is missing`,
  hint: () => 'number the identities from 0 without a gap',
}

const notAFolder: Kind<{ path: string }> = {
  code: 'PKI_NOT_A_FOLDER',
  severity: 'error',
  fault: 'input',
  summary: 'Something else stands where a folder of credentials is to be.',
  message: ({ path }) => `${path} is not a folder`,
  hint: () => 'name the folder that holds the files, such as /etc/pki/qemu',
}

export const CHECK_KINDS = defineKinds({
  folderWritable,
  halfPair,
  nothingToCheck,
  hostNotCovered,
  expiresSoon,
  secretExposed,
  fileWritable,
  foreignOwner,
  authorityBeside,
  olderQemu,
  listDue,
  identityUnread,
  notAFolder,
})

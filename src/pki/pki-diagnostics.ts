/** Every error and warning of certificates and keys that are made, in one place. */
import { type DiagnosticKind, defineKinds } from '../diagnostics/diagnostic.ts'
import { didYouMean } from '../diagnostics/suggestion.ts'

type Kind<Data> = DiagnosticKind<Data>

/** A value as a user gave it; what cannot be seen is shown as an escape. */
function quoted(text: string): string {
  return `\`${JSON.stringify(text.slice(0, 100)).slice(1, -1).replaceAll('\\"', '"')}\``
}

const unknownKey: Kind<{ text: string; known: readonly string[] }> = {
  code: 'PKI_KEY_UNKNOWN',
  severity: 'error',
  fault: 'usage',
  summary: 'The value of --key names no kind of key.',
  message: ({ text }) => `unknown kind of key ${quoted(text)}`,
  hint: ({ text, known }) => didYouMean(text, known) ?? `known are ${known.join(', ')}`,
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
  summary: 'The policy in force asks for larger keys than the one that was asked for or is there.',
  message: ({ key, needed, words }) => `${key} is too weak: \`${words}\` asks for ${needed}`,
  hint: ({ remedy }) => remedy,
}

const keyForbidden: Kind<{ key: string; name: string; remedy: string }> = {
  code: 'PKI_KEY_FORBIDDEN',
  severity: 'error',
  fault: 'answer',
  summary:
    'The policy in force allows no handshake with keys of the kind: it forbids their curve or their signatures, or it does not name them.',
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

const daysInvalid: Kind<{ text: string; most: number }> = {
  code: 'PKI_DAYS_INVALID',
  severity: 'error',
  fault: 'usage',
  summary: 'The value of --days is no number of days.',
  message: ({ text, most }) => `${quoted(text)} is not a number of days from 1 to ${most}`,
}

const identityInvalid: Kind<{ text: string }> = {
  code: 'PKI_IDENTITY_INVALID',
  severity: 'error',
  fault: 'usage',
  summary: 'The value of --identity is not one of the numbers that QEMU looks for.',
  message: ({ text }) => `${quoted(text)} is not a number from 0 to 3`,
  hint: () => 'QEMU reads at most four identities beside the first: -0 to -3',
}

const identityLayout: Kind<object> = {
  code: 'PKI_IDENTITY_LAYOUT',
  severity: 'error',
  fault: 'usage',
  summary: 'Numbered identities belong to the layout of QEMU.',
  message: () => 'libvirt has no numbered identities',
  hint: () => 'name further pairs in libvirtd.conf: cert_files and key_files',
}

const nameInvalid: Kind<{ option: string; text: string; why: string }> = {
  code: 'PKI_NAME_INVALID',
  severity: 'error',
  fault: 'usage',
  summary: 'A common name or an organization is empty, too long, or has characters that mislead.',
  message: ({ option, text, why }) =>
    `${option} ${quoted(text)} cannot be in a certificate: ${why}`,
}

const dnsInvalid: Kind<{ text: string; why: string; hint?: string }> = {
  code: 'PKI_DNS_INVALID',
  severity: 'error',
  fault: 'usage',
  summary: 'The value of --dns is no name of a host.',
  message: ({ text, why }) => `--dns ${quoted(text)} cannot be in a certificate: ${why}`,
  hint: ({ hint }) => hint,
}

const addressInvalid: Kind<{ text: string; hint: string | undefined }> = {
  code: 'PKI_ADDRESS_INVALID',
  severity: 'error',
  fault: 'usage',
  summary: 'The value of --ip is no IPv4 or IPv6 address.',
  message: ({ text }) => `--ip ${quoted(text)} is not an address`,
  hint: ({ hint }) => hint,
}

const noHostName: Kind<{ commonName: string }> = {
  code: 'PKI_NO_HOST_NAME',
  severity: 'error',
  fault: 'usage',
  summary: 'A certificate of a server needs the name or the address that clients connect to.',
  message: ({ commonName }) =>
    `no client could check the server: ${quoted(commonName)} is not the name of a host`,
  hint: () => 'name the host as clients do: --dns NAME or --ip ADDRESS',
}

const noName: Kind<{ role: string }> = {
  code: 'PKI_NO_NAME',
  severity: 'error',
  fault: 'usage',
  summary: 'A certificate needs a name.',
  message: ({ role }) => `a certificate of a ${role} needs a name`,
  hint: ({ role }) =>
    role === 'server'
      ? 'name the host as clients do: --dns NAME or --ip ADDRESS'
      : 'name the client as authorization rules are to: --cn NAME',
}

const nameTooLong: Kind<{ name: string; most: number }> = {
  code: 'PKI_NAME_TOO_LONG',
  severity: 'error',
  fault: 'usage',
  summary: 'The name of a host is too long to be the common name too.',
  message: ({ name, most }) =>
    `${quoted(name)} has more than ${most} characters and cannot be the common name`,
  hint: () => 'give a shorter one: --cn NAME',
}

const commonNameAdded: Kind<{ commonName: string; kind: string }> = {
  code: 'PKI_COMMON_NAME_ADDED',
  severity: 'note',
  fault: 'answer',
  summary:
    'Clients look at the alternative names of a server, few at its common name, so that it was added to them.',
  message: ({ commonName, kind }) => `added the common name as --${kind} ${commonName}`,
}

const commonNameIgnored: Kind<{ commonName: string }> = {
  code: 'PKI_COMMON_NAME_IGNORED',
  severity: 'warning',
  fault: 'answer',
  summary:
    'The common name looks like a host, but clients that see alternative names do not look at it.',
  message: ({ commonName }) =>
    `clients cannot connect to ${commonName}: it is the common name only`,
  hint: ({ commonName }) => `add --dns ${commonName}, unless nobody connects to that name`,
}

const lifetimeCut: Kind<{ date: string; days: number }> = {
  code: 'PKI_LIFETIME_CUT',
  severity: 'warning',
  fault: 'answer',
  summary: 'A certificate cannot outlive the authority that signed it.',
  message: ({ date, days }) => `valid until ${date}, not for ${days} days: the authority ends then`,
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
  summary: 'Something other than a file stands where a certificate or key is to be written.',
  message: ({ path, what }) => `cannot replace ${path}: it is a ${what}`,
  hint: () => 'name the folder that it leads to, or remove it',
}

const fileForeign: Kind<{ path: string; folder: string }> = {
  code: 'PKI_FILE_FOREIGN',
  severity: 'error',
  fault: 'write',
  summary:
    'A file of another user stands in a folder that others may write to. Whoever put it there would own the new secret, so it is not replaced.',
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

const authorityUnfit: Kind<{ path: string; why: string }> = {
  code: 'PKI_AUTHORITY_UNFIT',
  severity: 'error',
  fault: 'input',
  summary: 'Nobody would accept what this authority signs: it is none, or its time is over.',
  message: ({ path, why }) => `cannot sign: the certificate ${path} ${why}`,
}

const otherAuthority: Kind<{ path: string; root: string }> = {
  code: 'PKI_OTHER_AUTHORITY',
  severity: 'error',
  fault: 'write',
  summary:
    'Where the files were to go there is an authority already, which is not the one that signs.',
  message: ({ path, root }) => `${path} does not hold the authority of ${root}`,
  hint: () => 'add the certificate of the authority to that file, or choose another folder',
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
}

const certificateMalformed: Kind<{ path: string }> = {
  code: 'PKI_CERTIFICATE_MALFORMED',
  severity: 'error',
  fault: 'input',
  summary: 'A file holds no certificate in PEM, or one that is broken.',
  message: ({ path }) => `${path} holds no certificate that can be read`,
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
}

const passphraseEmpty: Kind<{ path: string }> = {
  code: 'PKI_PASSPHRASE_EMPTY',
  severity: 'error',
  fault: 'input',
  summary: 'The first line of the passphrase file is empty.',
  message: ({ path }) => `the first line of ${path} is to be a passphrase, and is empty`,
}

const folderWritable: Kind<{ path: string }> = {
  code: 'PKI_FOLDER_WRITABLE',
  severity: 'warning',
  fault: 'answer',
  summary: 'Every user of the host can put another key or authority in place.',
  message: ({ path }) => `every user can replace the files in ${path}`,
  hint: ({ path }) => `chmod o-w ${path}`,
}

const nothingToRenew: Kind<{ root: string; role: string | undefined }> = {
  code: 'PKI_NOTHING_TO_RENEW',
  severity: 'error',
  fault: 'missing',
  summary: 'There is no certificate of the role in the folder.',
  message: ({ root, role }) =>
    `there is no certificate of a ${role ?? 'server or client'} in ${root}`,
  hint: () => 'issue one: cryptopolicy pki issue',
}

const pskUserInvalid: Kind<{ user: string; why: string }> = {
  code: 'PKI_PSK_USER_INVALID',
  severity: 'error',
  fault: 'usage',
  summary: 'The name of a user cannot stand in a file of pre-shared keys.',
  message: ({ user, why }) => `${quoted(user)} cannot be a user of keys.psk: ${why}`,
}

const pskBitsInvalid: Kind<{ text: string; least: number; most: number }> = {
  code: 'PKI_PSK_BITS_INVALID',
  severity: 'error',
  fault: 'usage',
  summary: 'The value of --bits is no size of a pre-shared key.',
  message: ({ text, least, most }) =>
    `${quoted(text)} is not a multiple of 8 from ${least} to ${most}`,
}

const pskMalformed: Kind<{ path: string; line: number }> = {
  code: 'PKI_PSK_MALFORMED',
  severity: 'error',
  fault: 'input',
  summary:
    'A line of a file of pre-shared keys is not `user:hexkey`. The line itself is not shown.',
  message: ({ path, line }) => `line ${line} of ${path} is not user:hexkey`,
}

const pskBusy: Kind<{ path: string }> = {
  code: 'PKI_PSK_BUSY',
  severity: 'error',
  fault: 'unavailable',
  summary: 'Another program changes the file of pre-shared keys all the time.',
  message: ({ path }) => `other runs are changing ${path} all the time`,
  hint: () => 'run it again',
}

const notAFolder: Kind<{ path: string }> = {
  code: 'PKI_NOT_A_FOLDER',
  severity: 'error',
  fault: 'input',
  summary: 'Something else stands where a folder of credentials is to be.',
  message: ({ path }) => `${path} is not a folder`,
}

const halfPair: Kind<{ there: string; missing: string }> = {
  code: 'PKI_HALF_PAIR',
  severity: 'error',
  fault: 'input',
  summary: 'A certificate without its key, or a key without its certificate.',
  message: ({ there, missing }) => `${there} is there without ${missing}`,
}

const nothingToCheck: Kind<{ root: string }> = {
  code: 'PKI_NOTHING_TO_CHECK',
  severity: 'error',
  fault: 'missing',
  summary: 'The folder holds no credentials under the names that QEMU and libvirt look for.',
  message: ({ root }) => `there are no credentials in ${root}`,
  hint: () => 'name the folder of QEMU, such as /etc/pki/qemu, or the one above libvirt, /etc/pki',
}

const hostnameInvalid: Kind<{ hostname: string }> = {
  code: 'PKI_HOSTNAME_INVALID',
  severity: 'error',
  fault: 'usage',
  summary: 'The value of --hostname is neither the name of a host nor an address.',
  message: ({ hostname }) => `--hostname ${quoted(hostname)} is no name of a host and no address`,
  hint: () => 'clients refuse it: give the name or address alone, without a port or a path',
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
  summary: 'A certificate ends within the number of days that was asked about.',
  message: ({ path, subject, date, daysLeft }) =>
    `${path}: ${subject} expires on ${date}, in ${daysLeft} ${daysLeft === 1 ? 'day' : 'days'}`,
  hint: () => 'renew it: cryptopolicy pki renew',
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

const olderQemu: Kind<{ path: string; subject: string; why: string }> = {
  code: 'PKI_OLDER_QEMU_REFUSES',
  severity: 'warning',
  fault: 'answer',
  summary:
    'An authority of the file that this endpoint does not need is unfit. QEMU 11 passes it over; QEMU 10 and older refuse the whole folder.',
  message: ({ path, subject, why }) =>
    `${path}: ${subject} ${why}: QEMU 10 and older refuse the folder, QEMU 11 takes it`,
  hint: () => 'remove that certificate from the file',
}

const listDue: Kind<{ path: string; issuer: string; date: string; daysLeft: number }> = {
  code: 'PKI_LIST_DUE_SOON',
  severity: 'error',
  fault: 'answer',
  summary: 'A newer revocation list is due within the number of days that was asked about.',
  message: ({ path, issuer, date, daysLeft }) =>
    `${path}: the list of ${issuer} is to be replaced by ${date}, in ${daysLeft} ${daysLeft === 1 ? 'day' : 'days'}`,
  hint: () => 'make the next one: cryptopolicy pki revoke DIR',
}

const foreignCertificate: Kind<{ path: string; subject: string }> = {
  code: 'PKI_FOREIGN_CERTIFICATE',
  severity: 'error',
  fault: 'input',
  summary: 'A certificate that is to be revoked was issued by another authority.',
  message: ({ path, subject }) => `${path}: ${subject} was not issued by this authority`,
  hint: () => 'name the folder of the authority that issued it',
}

const foreignList: Kind<{ path: string; issuer: string }> = {
  code: 'PKI_FOREIGN_LIST',
  severity: 'error',
  fault: 'input',
  summary:
    'The revocation list that is there bears the name of the authority, and its key did not sign it. It is not gone on with.',
  message: ({ path, issuer }) => `${path}: the list of ${issuer} is not signed by that authority`,
  hint: () => 'move the file away to begin a new list',
}

const serialInvalid: Kind<{ text: string }> = {
  code: 'PKI_SERIAL_INVALID',
  severity: 'error',
  fault: 'usage',
  summary: 'The value of --serial is no serial number in hexadecimal.',
  message: ({ text }) => `--serial ${quoted(text)} is not a number in hexadecimal`,
}

const requestMalformed: Kind<{ path: string; reason: string }> = {
  code: 'PKI_REQUEST_MALFORMED',
  severity: 'error',
  fault: 'input',
  summary: 'A file is no certificate request as RFC 2986 describes it.',
  message: ({ path, reason }) => `${path} is no certificate request: ${reason}`,
}

const requestUnsigned: Kind<{ path: string; why: string }> = {
  code: 'PKI_REQUEST_UNSIGNED',
  severity: 'error',
  fault: 'input',
  summary: 'The signature of a request does not prove that whoever made it has the key.',
  message: ({ path, why }) => `${path} does not prove that its maker has the key: ${why}`,
}

const requestNames: Kind<{ path: string; subject: string; hosts: readonly string[] }> = {
  code: 'PKI_REQUEST_NAMES',
  severity: 'error',
  fault: 'usage',
  summary: 'No option says for which names a request may be signed.',
  message: ({ path, subject, hosts }) =>
    `${path} asks for ${[quoted(subject), ...hosts.map(quoted)].join(', ')}, and no option grants a name`,
  hint: () => 'name what is granted with --cn, --dns and --ip, or grant all with --accept-names',
}

const requestLeftOut: Kind<{ path: string; left: readonly string[] }> = {
  code: 'PKI_REQUEST_LEFT_OUT',
  severity: 'warning',
  fault: 'answer',
  summary:
    'A request asks for names or extensions that the certificate does not have: what an option names counts, and extensions are as for every certificate.',
  message: ({ path, left }) => `${path} asks for more than it got: ${left.map(quoted).join(', ')}`,
}

const nothingToRetire: Kind<{ path: string }> = {
  code: 'PKI_NOTHING_TO_RETIRE',
  severity: 'error',
  fault: 'missing',
  summary: 'No authority was replaced by one with a new key, so there is none to retire.',
  message: ({ path }) => `there is no former authority: ${path} is missing`,
}

const identityUnread: Kind<{ path: string }> = {
  code: 'PKI_IDENTITY_UNREAD',
  severity: 'warning',
  fault: 'answer',
  summary: 'QEMU reads numbered identities from 0 up to the first number that is not there.',
  message: ({ path }) => `${path} is not read: an identity with a lower number is missing`,
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
}

export const PKI_KINDS = defineKinds({
  halfPair,
  nothingToCheck,
  hostnameInvalid,
  hostNotCovered,
  expiresSoon,
  secretExposed,
  identityUnread,
  nothingToRetire,
  requestMalformed,
  requestUnsigned,
  requestNames,
  requestLeftOut,
  fileWritable,
  foreignOwner,
  authorityBeside,
  olderQemu,
  listDue,
  foreignCertificate,
  foreignList,
  serialInvalid,
  unknownKey,
  unknownKeySize,
  runtimeLacksKey,
  keyTooWeak,
  keyForbidden,
  noKeyAllowed,
  foreignKey,
  signatureForbidden,
  daysInvalid,
  identityInvalid,
  identityLayout,
  nameInvalid,
  dnsInvalid,
  addressInvalid,
  noHostName,
  noName,
  nameTooLong,
  commonNameAdded,
  commonNameIgnored,
  lifetimeCut,
  fileExists,
  fileInTheWay,
  fileForeign,
  folderBusy,
  noAuthority,
  authorityUnfit,
  otherAuthority,
  keyMismatch,
  keyUnreadable,
  certificateMalformed,
  passphraseMissing,
  passphraseWrong,
  passphraseEmpty,
  folderWritable,
  nothingToRenew,
  pskUserInvalid,
  pskBitsInvalid,
  pskMalformed,
  pskBusy,
  notAFolder,
  written,
})

/** Errors and warnings of names, addresses and numbers that certificates are asked for. */
import { type DiagnosticKind, defineKinds } from '../diagnostics/diagnostic.ts'
import { quoted } from './quoted-value.ts'

type Kind<Data> = DiagnosticKind<Data>

const daysInvalid: Kind<{ text: string; most: number }> = {
  code: 'PKI_DAYS_INVALID',
  severity: 'error',
  fault: 'usage',
  summary: 'The value of --days or --expiring is no number of days.',
  message: ({ text, most }) => `${quoted(text)} is not a number of days from 1 to ${most}`,
  hint: () => 'for instance 365, 30d or 52w',
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

const nameInvalid: Kind<{ option: string; text: string; reason: string }> = {
  code: 'PKI_NAME_INVALID',
  severity: 'error',
  fault: 'usage',
  summary: 'A common name or an organization is empty, too long, or has characters that mislead.',
  message: ({ option, text, reason }) =>
    `${option} ${quoted(text)} cannot be in a certificate: ${reason}`,
  hint: () => 'use up to 64 letters, digits, spaces, dots and hyphens',
}

const dnsInvalid: Kind<{ text: string; reason: string; hint?: string }> = {
  code: 'PKI_DNS_INVALID',
  severity: 'error',
  fault: 'usage',
  summary: 'The value of --dns is no name of a host.',
  message: ({ text, reason }) => `--dns ${quoted(text)} cannot be in a certificate: ${reason}`,
  hint: ({ hint }) =>
    hint ??
    'a name is labels of letters, digits and hyphens with dots between, as host.example.com',
}

const addressInvalid: Kind<{ text: string; hint: string | undefined }> = {
  code: 'PKI_ADDRESS_INVALID',
  severity: 'error',
  fault: 'usage',
  summary: 'The value of --ip is no IPv4 or IPv6 address.',
  message: ({ text }) => `--ip ${quoted(text)} is not an address`,
  hint: ({ hint = 'for instance 192.0.2.7 or 2001:db8::7' }) => hint,
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
    'Clients look at the alternative names of a server, and few look at its common name. So the common name was added to the alternative names.',
  message: ({ commonName, kind }) => `added the common name as --${kind} ${commonName}`,
  hint: () => 'name it yourself to be rid of this note',
}

const commonNameIgnored: Kind<{ commonName: string }> = {
  code: 'PKI_COMMON_NAME_IGNORED',
  severity: 'warning',
  fault: 'answer',
  summary:
    'The common name looks like a host, but clients that see alternative names do not look at it.',
  message: ({ commonName }) =>
    `clients cannot connect to ${commonName}: it is the common name only`,
  hint: ({ commonName }) => `add --dns ${commonName}, unless no client connects to that name`,
}

const requestNames: Kind<{ path: string; subject: string; hosts: readonly string[] }> = {
  code: 'PKI_REQUEST_NAMES',
  severity: 'error',
  fault: 'usage',
  summary: 'An option has to say for which names the request is signed, and none does.',
  message: ({ path, subject, hosts }) =>
    `${path} asks for ${[quoted(subject), ...hosts.map(quoted)].join(', ')}, and no option grants a name`,
  hint: () => 'name what is granted with --cn, --dns and --ip, or grant all with --accept-names',
}

const requestLeftOut: Kind<{ path: string; left: readonly string[] }> = {
  code: 'PKI_REQUEST_LEFT_OUT',
  severity: 'warning',
  fault: 'answer',
  summary:
    'A request asks for names or extensions that the certificate does not get. Names come from options alone, and extensions are the same for all certificates.',
  message: ({ path, left }) => `${path} asks for more than it got: ${left.map(quoted).join(', ')}`,
  hint: () => 'give the names that it is to have as options',
}

const serialInvalid: Kind<{ text: string }> = {
  code: 'PKI_SERIAL_INVALID',
  severity: 'error',
  fault: 'usage',
  summary: 'The value of --serial is no serial number in hexadecimal.',
  message: ({ text }) => `--serial ${quoted(text)} is not a number in hexadecimal`,
  hint: () => 'openssl x509 -noout -serial -in FILE prints that of a certificate',
}

export const NAME_KINDS = defineKinds({
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
  requestNames,
  requestLeftOut,
  serialInvalid,
})

/**
 * NBD URIs: doc/uri.md of the NetworkBlockDevice/nbd project, with the parameters that libnbd adds to
 * it for TLS.
 */
import { DiagnosticError, diagnose } from '../../diagnostics/diagnostic.ts'
import type { SocketAddress } from '../../net/address.ts'
import {
  decodePart,
  type UriParameters as Parameters,
  parseAuthority,
  parseQuery,
  type RefuseUri,
  splitUri,
  type UriAuthority,
  uriWithoutSecrets,
} from '../../net/uri.ts'
import { NBD_PORT, STRING_LIMIT } from '../protocol/constants.ts'
import { NBD_CLIENT_KINDS } from './nbd-client-diagnostics.ts'
import { isQemuAddress, parseQemuAddress } from './qemu-address.ts'

/** What a URI says of TLS. */
export type UriTls = {
  /** The scheme was nbds or nbds+unix: never in clear. */
  readonly isRequired: boolean
  /** `tls-type`: which kind of credentials. */
  readonly type?: 'x509' | 'psk' | 'anon'
  /** `tls-hostname`: the name that the certificate has to bear. */
  readonly hostname?: string
  /** `tls-username`, or the user before the host: of a pre-shared key. */
  readonly username?: string
  /** `tls-certificates` (libnbd): a folder of certificates. */
  readonly certificates?: string
  /** `tls-psk-file` (libnbd): a file of pre-shared keys. */
  readonly pskFile?: string
  /** `tls-verify-peer`. */
  readonly verifyPeer?: boolean
}

export type NbdUri = {
  /** As it was given, without passwords, for messages. */
  readonly text: string
  readonly address: SocketAddress
  /** Empty for the default export. */
  readonly exportName: string
  readonly tls: UriTls
}

const SCHEMES = ['nbd', 'nbds', 'nbd+unix', 'nbds+unix'] as const

const PARAMETERS = [
  'socket',
  'tls-type',
  'tls-hostname',
  'tls-username',
  'tls-certificates',
  'tls-psk-file',
  'tls-verify-peer',
] as const

/** Whether a text is meant as an NBD URI, rather than as a file. */
export function looksLikeUri(text: string): boolean {
  return /^(?:nbds?(\+[a-z]+)?:|nbd[a-z+]*:\/\/)/i.test(text)
}

/**
 * Reads an NBD URI, or an address as QEMU has it without `//`.
 *
 * @throws DiagnosticError NBD_URI_INVALID.
 */
export function parseNbdUri(text: string): NbdUri {
  if (isQemuAddress(text)) return parseWithoutSlashes(text)
  const { scheme, authority, path, query, fragment } = splitUri(text)
  const name = SCHEMES.find((known) => known === scheme)
  if (!name) refuse(text, `its scheme is none of ${SCHEMES.join(', ')}`)
  if (authority === undefined) {
    refuse(text, `what has to stand behind ${name}: is //`, `for instance: ${EXAMPLES[name]}`)
  }
  if (fragment !== undefined) refuse(text, 'it has a fragment; write # in a name as %23')
  const refuseText = refusalOf(text)
  const parameters = parseQuery(query, PARAMETERS, refuseText)
  const { user, ...server } = parseAuthority(authority, refuseText)
  const tls = readTls(text, parameters, user)
  return {
    text: uriWithoutSecrets(text),
    address: name.endsWith('+unix')
      ? unixAddress(text, parameters)
      : tcpAddress(text, server, parameters),
    exportName: parseExportName(text, path),
    tls: { isRequired: name.startsWith('nbds'), ...tls },
  }
}

const EXAMPLES = {
  nbd: 'nbd://host/export',
  nbds: 'nbds://host/export',
  'nbd+unix': 'nbd+unix:///export?socket=PATH',
  'nbds+unix': 'nbds+unix:///export?socket=PATH',
} as const

function parseWithoutSlashes(text: string): NbdUri {
  const { address, exportName } = parseQemuAddress(text, refusalOf(text))
  return {
    text: uriWithoutSecrets(text),
    address,
    exportName: checkExportName(text, exportName),
    tls: { isRequired: false },
  }
}

function tcpAddress(
  text: string,
  { host, port = NBD_PORT }: UriAuthority,
  parameters: Parameters,
): SocketAddress {
  if (parameters.has('socket')) refuse(text, 'a socket needs the scheme nbd+unix or nbds+unix')
  return { kind: 'tcp', host: host === '' ? 'localhost' : host, port }
}

/** `socket` may begin with NUL: a name in Linux's abstract namespace. */
function unixAddress(text: string, parameters: Parameters): SocketAddress {
  const path = parameters.get('socket') ?? ''
  if (path === '')
    refuse(text, 'it needs ?socket=PATH', 'for instance: nbd+unix:///?socket=/run/nbd.sock')
  if (path.includes('\0', 1)) refuse(text, 'its socket has a NUL')
  return { kind: 'unix', path }
}

/** All but the first slash of the path. */
function parseExportName(text: string, path: string): string {
  return checkExportName(text, decodePart(path.replace(/^\//, ''), refusalOf(text)))
}

function checkExportName(text: string, name: string): string {
  if (name.includes('\0')) refuse(text, 'the name of its export has a NUL')
  if (Buffer.byteLength(name) > STRING_LIMIT)
    refuse(text, `the name of its export is longer than ${STRING_LIMIT} bytes`)
  return name
}

const TLS_TYPES = ['x509', 'psk', 'anon'] as const

function readTls(text: string, parameters: Parameters, user?: string): Omit<UriTls, 'isRequired'> {
  const type = oneOf(text, parameters, 'tls-type', TLS_TYPES)
  const verify = oneOf(text, parameters, 'tls-verify-peer', ['0', '1', 'false', 'true'])
  const username = parameters.get('tls-username') ?? user
  if (user !== undefined && username !== user) refuse(text, 'it names two users')
  const hostname = parameters.get('tls-hostname')
  const certificates = parameters.get('tls-certificates')
  const pskFile = parameters.get('tls-psk-file')
  return {
    ...(type && { type }),
    ...(hostname && { hostname }),
    ...(username && { username }),
    ...(certificates && { certificates }),
    ...(pskFile && { pskFile }),
    ...(verify && { verifyPeer: verify === '1' || verify === 'true' }),
  }
}

function oneOf<Value extends string>(
  text: string,
  parameters: Parameters,
  name: string,
  values: readonly Value[],
): Value | undefined {
  const given = parameters.get(name)
  if (given === undefined) return undefined
  return (
    values.find((value) => value === given) ??
    refuse(text, `\`${name}\` is \`${given}\``, `it may be ${values.join(', ')}`)
  )
}

function refusalOf(text: string): RefuseUri {
  return (reason, hint) => refuse(text, reason, hint)
}

function refuse(uri: string, reason: string, hint?: string): never {
  const data = { uri: uriWithoutSecrets(uri), reason, ...(hint === undefined ? {} : { hint }) }
  throw new DiagnosticError([diagnose(NBD_CLIENT_KINDS.badUri, data)])
}

/** The `%` words of a priority string as flags of OpenSSL, and those that it cannot follow. */
import { constants } from 'node:crypto'
import type { AllowedTls } from '../algorithms/allowed-tls.ts'
import type { TlsRole } from '../algorithms/tls-role.ts'
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts'
import type { Evaluation } from '../priority/evaluate.ts'
import type { PriorityOptions } from '../priority/string-options.ts'
import { TLS_KINDS } from './tls-diagnostics.ts'

/** Not among the constants of node:crypto; the number is part of OpenSSL's ABI (ssl.h). */
const SSL_OP_NO_EXTENDED_MASTER_SECRET = 1 << 0

const NO_VERSION: Readonly<Record<string, number>> = {
  'SSL3.0': constants.SSL_OP_NO_SSLv3,
  'TLS1.0': constants.SSL_OP_NO_TLSv1,
  'TLS1.1': constants.SSL_OP_NO_TLSv1_1,
  'TLS1.2': constants.SSL_OP_NO_TLSv1_2,
  'TLS1.3': constants.SSL_OP_NO_TLSv1_3,
}

/** The flags that an evaluation asks for. */
export function contextFlags({ options }: Evaluation, { versions }: AllowedTls): number {
  const names = new Set(versions.map(({ name }) => name))
  const closed = Object.keys(NO_VERSION).filter((name) => !names.has(name))
  const flags = [
    ...closed.map((name) => NO_VERSION[name] ?? 0),
    constants.SSL_OP_NO_COMPRESSION,
    // A second handshake could bring another certificate in after the first one was checked.
    constants.SSL_OP_NO_RENEGOTIATION,
    options.serverPrecedence ? constants.SSL_OP_CIPHER_SERVER_PREFERENCE : 0,
    issuesTickets(options, names) ? 0 : constants.SSL_OP_NO_TICKET,
    options.encryptThenMac ? 0 : constants.SSL_OP_NO_ENCRYPT_THEN_MAC,
    options.extendedMasterSecret ? 0 : SSL_OP_NO_EXTENDED_MASTER_SECRET,
    // GnuTLS talks to servers without RFC 5746 unless renegotiation has to be safe.
    options.renegotiation === 'safe' ? 0 : constants.SSL_OP_LEGACY_SERVER_CONNECT,
  ]
  return flags.reduce((all, flag) => all | flag)
}

/** OpenSSL has one switch for the tickets of TLS 1.2 and of TLS 1.3. */
function issuesTickets(options: PriorityOptions, versions: ReadonlySet<string>): boolean {
  return options.tickets && (options.ticketsTls12 || !versions.has('TLS1.2'))
}

type Unsupported = {
  readonly option: string
  readonly effect: string
  readonly isAsked: (
    options: PriorityOptions,
    versions: ReadonlySet<string>,
    role: TlsRole,
  ) => boolean
}

/** Options that change what is sent, or what is refused, in ways that node:tls has no words for. */
const UNSUPPORTED: readonly Unsupported[] = [
  {
    option: 'NO_EXTENSIONS',
    effect: 'OpenSSL sends extensions all the same',
    isAsked: ({ extensions }) => !extensions,
  },
  {
    option: 'FALLBACK_SCSV',
    effect: 'node:tls cannot signal that a connection is a retry',
    isAsked: ({ fallbackSignal }, _, role) => fallbackSignal && role === 'client',
  },
  {
    option: 'DISABLE_TLS13_COMPAT_MODE',
    effect: 'OpenSSL looks like TLS 1.2 to devices in between all the same',
    isAsked: (options, versions) => !options.middleboxCompatibility && versions.has('TLS1.3'),
  },
  {
    option: 'SAFE_RENEGOTIATION',
    effect: 'clients without RFC 5746 are served, but nothing is ever renegotiated with them',
    isAsked: ({ renegotiation }, versions, role) =>
      renegotiation === 'safe' && role === 'server' && hasOldVersion(versions),
  },
  {
    option: 'UNSAFE_RENEGOTIATION',
    effect: 'nothing is ever renegotiated',
    isAsked: ({ renegotiation }, versions) => renegotiation === 'unsafe' && hasOldVersion(versions),
  },
  {
    option: 'NO_TICKETS',
    effect:
      'in TLS 1.3 the servers of this package send none, but node:tls has no option for that: servers that a program makes with these options send some',
    isAsked: ({ tickets }, versions, role) =>
      !tickets && role === 'server' && versions.has('TLS1.3'),
  },
  {
    option: 'NO_TICKETS_TLS12',
    effect: 'there are no tickets in TLS 1.3 either',
    isAsked: (options, versions) =>
      options.tickets && !issuesTickets(options, versions) && versions.has('TLS1.3'),
  },
]

/** What of the string's options the endpoint does not do. */
export function tellUnsupported(
  { options }: Evaluation,
  allowed: AllowedTls,
  role: TlsRole,
): readonly Diagnostic[] {
  const versions = new Set(allowed.versions.map(({ name }) => name))
  const asked = UNSUPPORTED.filter(({ isAsked }) => isAsked(options, versions, role))
  const told = asked.map(({ option, effect }) =>
    diagnose(TLS_KINDS.unsupportedOption, { option, effect }),
  )
  const names = hasOldVersion(versions) ? unusableCertificateCurves(allowed) : []
  return names.length === 0 ? told : [...told, diagnose(TLS_KINDS.certificateCurve, { names })]
}

function hasOldVersion(versions: ReadonlySet<string>): boolean {
  return ['TLS1.0', 'TLS1.1', 'TLS1.2'].some((name) => versions.has(name))
}

function unusableCertificateCurves({ suites, groups }: AllowedTls): readonly string[] {
  if (!suites.some(({ keyExchange }) => keyExchange === 'ECDHE-ECDSA')) return []
  const curves = ['secp256r1', 'secp384r1', 'secp521r1']
  return curves.filter((curve) => !groups.some(({ name }) => name === curve))
}

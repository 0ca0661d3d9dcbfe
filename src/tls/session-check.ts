/** Checks what a handshake negotiated against what the endpoint's priority string allows. */
import { X509Certificate } from 'node:crypto'
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'
import type { AllowedTls } from '../algorithms/allowed-tls.ts'
import { findTlsGroup, TLS_GROUPS } from '../algorithms/tls-groups.ts'
import { canNegotiate, findTlsSuiteByName, type TlsSuite } from '../algorithms/tls-suites.ts'
import { TLS_VERSIONS, type TlsVersion } from '../algorithms/tls-versions.ts'
import { fail } from '../diagnostics/diagnostic.ts'
import { type Certificate, certificateOf } from '../x509/certificate.ts'
import { MAX_CHAIN } from '../x509/chain-search.ts'
import { checkChainStrength } from '../x509/chain-strength.ts'
import { PEER } from '../x509/x509-diagnostics.ts'
import { allowsX509 } from './certificate-types.ts'
import { nodeVersionName } from './runtime.ts'
import { hasExtendedMasterSecret, keyExchangeGroup } from './session-record.ts'
import { checkSettings, checkTlsSocket } from './tls-arguments.ts'
import { TLS_KINDS } from './tls-diagnostics.ts'
import type { TlsSettings } from './tls-options.ts'

/**
 * Checks the version, the suite, the group, the extended master secret and the peer's whole
 * chain. To be called once the handshake is done and before any application data is read or
 * written; renegotiation, which could change them later, is off.
 *
 * @throws DiagnosticError with a code `TLS_...` where something is not allowed; the caller then
 * destroys the socket.
 */
export function checkSession(socket: TLSSocket, settings: TlsSettings): void {
  checkTlsSocket(socket, 'socket')
  checkSettings(settings, 'settings')
  checkNegotiated(socket, settings)
  checkCertificates(socket, settings)
}

/** What a handshake came to, all of it allowed. */
export type NegotiatedSession = {
  /** `TLSv1.3` */
  readonly protocol: string
  /** `TLS_AES_256_GCM_SHA384` */
  readonly suite: string
  /** The group of the key exchange, where one was used and OpenSSL tells it. */
  readonly group?: string
}

/**
 * Checks what checkSession does, but for the keys and signatures of the peer's chain.
 *
 * @throws DiagnosticError with a code `TLS_...` where something is not allowed.
 */
export function checkNegotiated(socket: TLSSocket, settings: TlsSettings): NegotiatedSession {
  const { allowed } = settings
  const version = checkVersion(socket, allowed)
  const { name: suite } = checkSuite(socket, allowed, version)
  const group = checkGroup(socket, allowed, version)
  checkMasterSecret(socket, settings, version)
  const protocol = nodeVersionName(version) ?? version.name
  return { protocol, suite, ...(group === undefined ? {} : { group }) }
}

function checkVersion(socket: TLSSocket, { versions }: AllowedTls): TlsVersion {
  const name = socket.getProtocol() ?? 'no version'
  const version = TLS_VERSIONS.find((row) => nodeVersionName(row) === name)
  if (version && versions.includes(version)) return version
  return fail(TLS_KINDS.forbiddenVersion, { name })
}

function checkSuite(socket: TLSSocket, { suites }: AllowedTls, version: TlsVersion): TlsSuite {
  const name = socket.getCipher()?.standardName ?? 'no suite'
  const suite = findTlsSuiteByName(name)
  if (suite && suites.includes(suite) && canNegotiate(suite, version)) return suite
  return fail(TLS_KINDS.forbiddenSuite, { name, version: version.name })
}

/** What node:tls calls the curves that OpenSSL has other names for. */
const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'secp256r1',
  prime192v1: 'secp192r1',
}

function checkGroup(
  socket: TLSSocket,
  allowed: AllowedTls,
  version: TlsVersion,
): string | undefined {
  const { type, size = 0 } = { ...socket.getEphemeralKeyInfo() } as EphemeralKey
  if (type === 'DH') checkPrime(size, allowed, version)
  const name = negotiatedGroup(socket)
  if (name === undefined || allowed.groups.some((row) => row.name === name)) return name
  return fail(TLS_KINDS.forbiddenGroup, { name })
}

/**
 * The group of the key exchange by its registered name. node:tls tells it to clients only, and older
 * releases have no words for hybrids; the session that is saved has its number.
 *
 * @internal Exported for tests.
 */
export function negotiatedGroup(socket: TLSSocket): string | undefined {
  const { type, name } = { ...socket.getEphemeralKeyInfo() } as EphemeralKey
  if ((type !== 'ECDH' && type !== 'TLSGroup') || name === undefined) return groupOfSession(socket)
  const registered = (CURVES[name] ?? name).toLowerCase()
  return TLS_GROUPS.find((row) => row.name.toLowerCase() === registered)?.name ?? name
}

function groupOfSession(socket: TLSSocket): string | undefined {
  const number = keyExchangeGroup(socket.getSession())
  if (number === 0) return undefined
  return findTlsGroup(number)?.name ?? `0x${number.toString(16)}`
}

type EphemeralKey = { type?: string; name?: string; size?: number }

function checkPrime(
  size: number,
  { groups, minimumKeySizes }: AllowedTls,
  version: TlsVersion,
): void {
  const isAllowed =
    version.name === 'TLS1.3'
      ? groups.some(({ kind, bits }) => kind === 'finite-field' && bits === size)
      : size >= minimumKeySizes.dh
  if (!isAllowed) fail(TLS_KINDS.forbiddenGroup, { name: `a prime of ${size} bits` })
}

/** TLS 1.3 always binds its secrets to the handshake. */
function checkMasterSecret(socket: TLSSocket, settings: TlsSettings, version: TlsVersion): void {
  if (!settings.evaluation.options.requireExtendedMasterSecret) return
  if (version.name === 'TLS1.3' || hasExtendedMasterSecret(socket.getSession())) return
  fail(TLS_KINDS.noExtendedMasterSecret, {})
}

function checkCertificates(socket: TLSSocket, settings: TlsSettings): void {
  const chain = peerChain(socket)
  if (chain.length === 0) return
  requireX509(settings)
  checkChainStrength(chain, settings.evaluation)
}

/**
 * Refuses a peer with a certificate where the string allows other kinds alone.
 *
 * @throws DiagnosticError TLS_FORBIDDEN_CERTIFICATE.
 */
export function requireX509({ evaluation, role }: TlsSettings): void {
  const { clientCertificates, serverCertificates } = evaluation
  const types = role === 'server' ? clientCertificates : serverCertificates
  if (!allowsX509(types)) fail(TLS_KINDS.forbiddenCertificate, {})
}

/** From the peer's own certificate to the trust anchor, which comes from the endpoint's store. */
function peerChain(socket: TLSSocket): readonly Certificate[] {
  const chain: Certificate[] = []
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true)
  // One more is the anchor. OpenSSL has accepted the chain, so what follows can only be a loop.
  while (next?.raw && chain.length <= MAX_CHAIN) {
    const place = { file: PEER, index: chain.length }
    chain.push(certificateOf(new X509Certificate(next.raw), place))
    // A self-signed certificate is its own issuer.
    next = next.issuerCertificate === next ? undefined : next.issuerCertificate
  }
  return chain
}

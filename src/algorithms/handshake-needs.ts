/** What suites and versions need to be negotiated, as OpenSSL sees it. */

import type { AllowedTls, MinimumKeySizes } from './allowed-tls.ts'
import type { TlsGroup } from './tls-groups.ts'
import type { SignatureKey, TlsSignatureScheme } from './tls-signatures.ts'
import type { TlsSuite } from './tls-suites.ts'
import { includesTls13, type SignatureSemantics, type TlsVersion } from './tls-versions.ts'

/** How a suite before TLS 1.3 agrees on a secret, where it does so by Diffie-Hellman. */
export function exchangeKind({ keyExchange = '' }: TlsSuite): TlsGroup['kind'] | undefined {
  if (/^(ECDHE|ANON-ECDH)/.test(keyExchange)) return 'curve'
  return /^(DHE|ANON-DH)/.test(keyExchange) ? 'finite-field' : undefined
}

/** Whether a server before TLS 1.3 shows a certificate. */
export function needsCertificate({ keyExchange = '' }: TlsSuite): boolean {
  return /^(RSA(-PSK)?|(EC)?DHE-(RSA|ECDSA|DSS))$/.test(keyExchange)
}

/** Whether a peer can show a certificate: without one, nothing is asked of its key. */
export function takesCertificates({ versions, suites }: AllowedTls): boolean {
  return includesTls13(versions) || suites.some(needsCertificate)
}

/** The keys that a server can have before TLS 1.3, by what a suite's key exchange ends in. */
const SERVER_KEYS: Readonly<Record<string, readonly SignatureKey[]>> = {
  'DHE-RSA': ['rsa', 'rsa-pss'],
  'DHE-ECDSA': ['ecdsa', 'ed25519', 'ed448'],
  'DHE-DSS': ['dsa'],
  // The key decrypts and signs nothing, but OpenSSL asks for a scheme of its kind all the same.
  RSA: ['rsa'],
}

/** Whether a suite can do with a scheme; one without certificates can do with any. */
export function canSignFor({ keyExchange = '' }: TlsSuite, { key }: TlsSignatureScheme): boolean {
  const kind = keyExchange.replace(/^EC(?=DHE-)|-PSK$/g, '')
  return SERVER_KEYS[kind]?.includes(key) ?? true
}

/** Versions before TLS 1.2 sign by a hash that is not negotiated. */
export function isSigningVersion({ name }: TlsVersion): boolean {
  return name === 'TLS1.2' || name === 'TLS1.3'
}

/** Whether OpenSSL uses a scheme with these semantics. */
export function canSign(scheme: TlsSignatureScheme, semantics: SignatureSemantics): boolean {
  if (semantics === 'tls1.2') return scheme.key !== 'ml-dsa'
  // TLS 1.3 knows these in certificates only (RFC 8446 section 4.2.3).
  return !/^(rsa_pkcs1|dsa|ecdsa_sha1|gost)/.test(scheme.name)
}

/**
 * Whether a server can use a group before TLS 1.3: to a client that does not know RFC 7919 it is a
 * prime like any other.
 */
export function isDhGroup({ kind, bits }: TlsGroup, sizes: MinimumKeySizes): boolean {
  return kind === 'finite-field' && bits >= sizes.dh
}

/** Whether TLS 1.3 can use a group; the small curves have been withdrawn from it. */
export function isTls13Group({ kind, bits }: TlsGroup): boolean {
  return kind !== 'gost-curve' && bits >= 253
}

export function isTls13Suite(suite: TlsSuite): boolean {
  return suite.minimum === 'TLS1.3'
}

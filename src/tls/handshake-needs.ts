/** What suites and versions need to be negotiated, as OpenSSL sees it. */
import type { TlsGroup } from '../algorithms/tls-groups.ts'
import type { TlsSignatureScheme } from '../algorithms/tls-signatures.ts'
import type { TlsSuite } from '../algorithms/tls-suites.ts'
import type { SignatureSemantics } from '../algorithms/tls-versions.ts'

/** How a suite before TLS 1.3 agrees on a secret, where it does so by Diffie-Hellman. */
export function exchangeKind({ keyExchange = '' }: TlsSuite): TlsGroup['kind'] | undefined {
  if (/^(ECDHE|ANON-ECDH$)/.test(keyExchange)) return 'curve'
  return /^(DHE|ANON-DH$)/.test(keyExchange) ? 'finite-field' : undefined
}

/** Whether a server signs its side of the key exchange: TLS 1.3 does so apart from the suite. */
export function isSigned({ keyExchange = '' }: TlsSuite): boolean {
  return /^(ECDHE|DHE)-(RSA|ECDSA|DSS)$/.test(keyExchange)
}

/** Whether a server shows a certificate. */
export function needsCertificate(suite: TlsSuite): boolean {
  const { keyExchange = '' } = suite
  return isSigned(suite) || /^RSA(-PSK)?$/.test(keyExchange)
}

/** Whether OpenSSL uses a scheme with these semantics. */
export function canSign(scheme: TlsSignatureScheme, semantics: SignatureSemantics): boolean {
  if (semantics === 'tls1.2') return scheme.key !== 'ml-dsa'
  // TLS 1.3 knows these in certificates only (RFC 8446 section 4.2.3).
  return !/^(rsa_pkcs1|dsa|ecdsa_sha1|gost)/.test(scheme.name)
}

/** Whether TLS 1.3 can use a group; the small curves have been withdrawn from it. */
export function isTls13Group({ kind, bits }: TlsGroup): boolean {
  return kind !== 'gost-curve' && bits >= 253
}

export function isTls13Suite(suite: TlsSuite): boolean {
  return suite.minimum === 'TLS1.3'
}

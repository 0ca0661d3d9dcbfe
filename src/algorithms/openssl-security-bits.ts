/** How many bits of security OpenSSL takes TLS algorithms to have (SSL_CTX_set_security_level(3)). */
import { exchangeKind } from './handshake-needs.ts'
import type { TlsGroup } from './tls-groups.ts'
import type { TlsSuite } from './tls-suites.ts'

export type OpensslSecurityLevel = {
  readonly level: number
  /** What every algorithm has to reach. */
  readonly bits: number
  /** Sizes of keys that reach it; DSA keys and Diffie-Hellman primes count as RSA keys do. */
  readonly rsa: number
  readonly ec: number
}

export const OPENSSL_SECURITY_LEVELS: readonly OpensslSecurityLevel[] = [
  { level: 0, bits: 0, rsa: 0, ec: 0 },
  { level: 1, bits: 80, rsa: 1024, ec: 160 },
  { level: 2, bits: 112, rsa: 2048, ec: 224 },
  { level: 3, bits: 128, rsa: 3072, ec: 256 },
  { level: 4, bits: 192, rsa: 7680, ec: 384 },
  { level: 5, bits: 256, rsa: 15360, ec: 512 },
]

/** Security bits of hashes in signatures. */
export const OPENSSL_HASH_BITS: Readonly<Record<string, number>> = {
  MD2: 0,
  MD5: 39,
  SHA1: 63,
  RIPEMD160: 80,
  SHA224: 112,
  'SHA3-224': 112,
  SHA256: 128,
  'SHA3-256': 128,
  SHA384: 192,
  'SHA3-384': 192,
}

/** From this level on OpenSSL issues no tickets and wants forward secrecy. */
export const FORWARD_SECRET_LEVEL = 3

/** Bits of a suite whose finite-field exchange, where it has one, has a prime of `dh` bits. */
export function bitsOfSuite(suite: TlsSuite, dh: number): number {
  const { keyExchange = '', cipher, mac } = suite
  if (keyExchange.startsWith('ANON') || cipher === 'NULL' || mac === 'MD5') return 0
  if (/CCM-8$/.test(cipher)) return 64
  const exchange = exchangeKind(suite) === 'finite-field' ? bitsOfPrime(dh) : 256
  const hmac = mac === 'SHA1' ? 160 : 256
  return Math.min(exchange, hmac, /256|CHACHA20/.test(cipher) ? 256 : bitsOfCipher(cipher))
}

export function bitsOfGroup({ kind, bits, name }: TlsGroup): number {
  if (kind === 'finite-field') return bitsOfPrime(bits)
  if (kind === 'hybrid') return /1024$/.test(name) ? 256 : 192
  return name === 'x25519' ? 128 : Math.floor(bits / 2)
}

/** By the scheme's name in the registry. */
export function bitsOfScheme(name: string): number {
  if (name === 'ed25519' || name === 'mldsa44') return 128
  if (name === 'ed448') return 224
  if (name === 'mldsa65') return 192
  const hash = /sha(\d+)$/.exec(name)?.[1]
  return hash === undefined ? 256 : (OPENSSL_HASH_BITS[`SHA${hash}`] ?? 256)
}

function bitsOfCipher(cipher: string): number {
  return cipher.startsWith('3DES') ? 112 : 128
}

function bitsOfPrime(bits: number): number {
  return OPENSSL_SECURITY_LEVELS.findLast((row) => row.rsa <= bits)?.bits ?? 0
}

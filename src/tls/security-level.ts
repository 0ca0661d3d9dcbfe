/** OpenSSL's security level (SSL_CTX_set_security_level): as high as a string's profile, if that refuses nothing. */
import type { AllowedTls, MinimumKeySizes } from '../algorithms/allowed-tls.ts'
import type { TlsGroup } from '../algorithms/tls-groups.ts'
import type { TlsSuite } from '../algorithms/tls-suites.ts'
import type { Evaluation } from '../priority/evaluate.ts'
import { acceptedCertificateHashes } from '../x509/signature-rules.ts'
import { exchangeKind, isTls13Suite } from './handshake-needs.ts'

/** What each level asks for: bits of security, and the sizes of keys that give them. */
const LEVELS = [
  { level: 0, bits: 0, rsa: 0, ec: 0 },
  { level: 1, bits: 80, rsa: 1024, ec: 160 },
  { level: 2, bits: 112, rsa: 2048, ec: 224 },
  { level: 3, bits: 128, rsa: 3072, ec: 256 },
  { level: 4, bits: 192, rsa: 7680, ec: 384 },
  { level: 5, bits: 256, rsa: 15360, ec: 512 },
] as const

/** Security bits of hashes in signatures, as OpenSSL counts them. */
const HASH_BITS: Readonly<Record<string, number>> = {
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
const FORWARD_SECRET_LEVEL = 3

/**
 * The level to set. The profile itself is enforced on the peer's certificates after the
 * handshake; the level makes OpenSSL refuse most of them earlier.
 */
export function securityLevel(evaluation: Evaluation, allowed: AllowedTls): number {
  const bits = weakestBits(evaluation, allowed)
  const limit = hasOldWays(evaluation, allowed) ? FORWARD_SECRET_LEVEL - 1 : Infinity
  const { minimumKeySizes: sizes } = allowed
  const fits = LEVELS.filter((row) => row.bits <= bits && row.level <= limit && reaches(sizes, row))
  return fits.at(-1)?.level ?? 0
}

function reaches(sizes: MinimumKeySizes, row: (typeof LEVELS)[number]): boolean {
  return sizes.rsa >= row.rsa && sizes.dsa >= row.rsa && sizes.ec >= row.ec
}

function hasOldWays({ options }: Evaluation, { suites }: AllowedTls): boolean {
  return options.tickets || suites.some((suite) => !isTls13Suite(suite) && !exchangeKind(suite))
}

/** The bits of the weakest thing that the level could refuse. */
function weakestBits(evaluation: Evaluation, allowed: AllowedTls): number {
  // Versions before TLS 1.2, and servers without a key of their own, are for level 0 only.
  if (allowed.versions.some(({ number }) => number < 0x0303)) return 0
  return Math.min(
    ...allowed.suites.map((suite) => bitsOfSuite(suite, allowed.minimumKeySizes)),
    ...allowed.groups.map(bitsOfGroup),
    ...allowed.signatureSchemes.map(({ name }) => bitsOfScheme(name)),
    ...acceptedCertificateHashes(evaluation).map((hash) => HASH_BITS[hash] ?? 256),
  )
}

function bitsOfSuite(suite: TlsSuite, { dh }: MinimumKeySizes): number {
  const { keyExchange = '', cipher, mac } = suite
  if (keyExchange.startsWith('ANON') || cipher === 'NULL' || mac === 'MD5') return 0
  if (/CCM-8$/.test(cipher)) return 64
  const exchange = exchangeKind(suite) === 'finite-field' ? bitsOfPrime(dh) : 256
  const hmac = mac === 'SHA1' ? 160 : 256
  return Math.min(exchange, hmac, /256|CHACHA20/.test(cipher) ? 256 : bitsOfCipher(cipher))
}

function bitsOfCipher(cipher: string): number {
  return cipher.startsWith('3DES') ? 112 : 128
}

function bitsOfGroup({ kind, bits, name }: TlsGroup): number {
  if (kind === 'finite-field') return bitsOfPrime(bits)
  if (kind === 'hybrid') return /1024$/.test(name) ? 256 : 192
  return name === 'x25519' ? 128 : Math.floor(bits / 2)
}

function bitsOfPrime(bits: number): number {
  return LEVELS.findLast((row) => row.rsa <= bits)?.bits ?? 0
}

function bitsOfScheme(name: string): number {
  if (name === 'ed25519' || name === 'mldsa44') return 128
  if (name === 'ed448') return 224
  if (name === 'mldsa65') return 192
  const hash = /sha(\d+)$/.exec(name)?.[1]
  return hash === undefined ? 256 : (HASH_BITS[`SHA${hash}`] ?? 256)
}

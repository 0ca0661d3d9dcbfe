/** Signature schemes by IANA number and name: those of `algorithms`, and all others of the registry. */
import { TLS_SIGNATURE_SCHEMES } from '../../algorithms/tls-signatures.ts'

/** RFC 5246 section 7.4.1.4.1 by hash and key, RFC 8734, RFC 8998, and SLH-DSA of FIPS 205. */
const OTHER_SCHEMES = [
  [0x0101, 'rsa_pkcs1_md5'],
  [0x0102, 'dsa_md5'],
  [0x0103, 'ecdsa_md5'],
  [0x0301, 'rsa_pkcs1_sha224'],
  [0x0302, 'dsa_sha224'],
  [0x0303, 'ecdsa_sha224'],
  [0x0402, 'dsa_sha256'],
  [0x0502, 'dsa_sha384'],
  [0x0602, 'dsa_sha512'],
  [0x0708, 'sm2sig_sm3'],
  [0x081a, 'ecdsa_brainpoolP256r1tls13_sha256'],
  [0x081b, 'ecdsa_brainpoolP384r1tls13_sha384'],
  [0x081c, 'ecdsa_brainpoolP512r1tls13_sha512'],
  [0x0911, 'slhdsa_sha2_128s'],
  [0x0912, 'slhdsa_sha2_128f'],
  [0x0913, 'slhdsa_sha2_192s'],
  [0x0914, 'slhdsa_sha2_192f'],
  [0x0915, 'slhdsa_sha2_256s'],
  [0x0916, 'slhdsa_sha2_256f'],
  [0x0917, 'slhdsa_shake_128s'],
  [0x0918, 'slhdsa_shake_128f'],
  [0x0919, 'slhdsa_shake_192s'],
  [0x091a, 'slhdsa_shake_192f'],
  [0x091b, 'slhdsa_shake_256s'],
  [0x091c, 'slhdsa_shake_256f'],
  [0xeded, 'gostr34102012_256_intrinsic'],
  [0xefef, 'gostr34102012_512_intrinsic'],
] as const

const names = new Map<number, string>([
  ...TLS_SIGNATURE_SCHEMES.map(({ number, name }) => [number, name] as const),
  ...OTHER_SCHEMES,
])

/** The newest first: a server that takes the first that it knows shows its strongest. */
export const EVERY_SCHEME: readonly number[] = [...names.keys()].sort((a, b) => b - a)

/** Of RSA, ECDSA and EdDSA: every server has one of them. */
export const COMMON_SCHEMES: readonly number[] = [
  ...[0x0804, 0x0403, 0x0401, 0x0805, 0x0503, 0x0501, 0x0603, 0x0601, 0x0807, 0x0201, 0x0203],
]

export function schemeName(number: number): string {
  return names.get(number) ?? `0x${number.toString(16).padStart(4, '0')}`
}

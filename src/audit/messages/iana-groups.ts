/** Supported groups by IANA number and name: those of `algorithms`, and all others of the registry. */
import { TLS_GROUPS } from '../../algorithms/tls-groups.ts'

/** RFC 8422 section 5.1.1, RFC 4492, RFC 7027, RFC 8734, RFC 8998 and the drafts of ML-KEM. */
const OTHER_GROUPS = [
  [1, 'sect163k1'],
  [2, 'sect163r1'],
  [3, 'sect163r2'],
  [4, 'sect193r1'],
  [5, 'sect193r2'],
  [6, 'sect233k1'],
  [7, 'sect233r1'],
  [8, 'sect239k1'],
  [9, 'sect283k1'],
  [10, 'sect283r1'],
  [11, 'sect409k1'],
  [12, 'sect409r1'],
  [13, 'sect571k1'],
  [14, 'sect571r1'],
  [15, 'secp160k1'],
  [16, 'secp160r1'],
  [17, 'secp160r2'],
  [18, 'secp192k1'],
  [20, 'secp224k1'],
  [22, 'secp256k1'],
  [26, 'brainpoolP256r1'],
  [27, 'brainpoolP384r1'],
  [28, 'brainpoolP512r1'],
  [31, 'brainpoolP256r1tls13'],
  [32, 'brainpoolP384r1tls13'],
  [33, 'brainpoolP512r1tls13'],
  [41, 'curveSM2'],
  [0x0200, 'MLKEM512'],
  [0x0201, 'MLKEM768'],
  [0x0202, 'MLKEM1024'],
  [0x11ee, 'curveSM2MLKEM768'],
  [0x6399, 'X25519Kyber768Draft00'],
  [0x639a, 'SecP256r1Kyber768Draft00'],
] as const

const names = new Map<number, string>([
  ...TLS_GROUPS.map(({ number, name }) => [number, name] as const),
  ...OTHER_GROUPS,
])

export const EVERY_GROUP: readonly number[] = [...names.keys()]

/** X25519, the curves of NIST, and the smallest prime of RFC 7919: every server has one of them. */
export const COMMON_GROUPS: readonly number[] = [29, 23, 24, 25, 0x100]

/** Groups of RFC 7919, each of which is a prime. */
export const GROUPS_WITH_PRIME = EVERY_GROUP.filter(isFiniteField)

/** Curves and KEMs. */
export const GROUPS_WITHOUT_PRIME = EVERY_GROUP.filter((group) => !isFiniteField(group))

function isFiniteField(group: number): boolean {
  return group >= 0x100 && group <= 0x1ff
}

export function groupName(number: number): string {
  return names.get(number) ?? `0x${number.toString(16).padStart(4, '0')}`
}

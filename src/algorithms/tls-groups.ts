/** TLS supported groups by IANA number and name (RFC 8446 section 4.2.7, RFC 7919, RFC 9367). */

/** How a group agrees on a secret. */
export type TlsGroupKind = 'curve' | 'finite-field' | 'gost-curve' | 'hybrid'

export type TlsGroup = {
  /** What the wire carries. */
  readonly number: number
  /** The name in the IANA registry. */
  readonly name: string
  /** The name that GnuTLS uses. */
  readonly gnutlsName: string
  readonly kind: TlsGroupKind
  /** Size in bits of the field, of the prime, or of a hybrid group's classical part. */
  readonly bits: number
}

/** In the order of the registry, hybrid groups last. */
export const TLS_GROUPS = [
  { number: 19, name: 'secp192r1', gnutlsName: 'SECP192R1', kind: 'curve', bits: 192 },
  { number: 21, name: 'secp224r1', gnutlsName: 'SECP224R1', kind: 'curve', bits: 224 },
  { number: 23, name: 'secp256r1', gnutlsName: 'SECP256R1', kind: 'curve', bits: 256 },
  { number: 24, name: 'secp384r1', gnutlsName: 'SECP384R1', kind: 'curve', bits: 384 },
  { number: 25, name: 'secp521r1', gnutlsName: 'SECP521R1', kind: 'curve', bits: 521 },
  { number: 29, name: 'x25519', gnutlsName: 'X25519', kind: 'curve', bits: 255 },
  { number: 30, name: 'x448', gnutlsName: 'X448', kind: 'curve', bits: 448 },
  { number: 34, name: 'GC256A', gnutlsName: 'GC256A', kind: 'gost-curve', bits: 256 },
  { number: 35, name: 'GC256B', gnutlsName: 'GC256B', kind: 'gost-curve', bits: 256 },
  { number: 36, name: 'GC256C', gnutlsName: 'GC256C', kind: 'gost-curve', bits: 256 },
  { number: 37, name: 'GC256D', gnutlsName: 'GC256D', kind: 'gost-curve', bits: 256 },
  { number: 38, name: 'GC512A', gnutlsName: 'GC512A', kind: 'gost-curve', bits: 512 },
  { number: 39, name: 'GC512B', gnutlsName: 'GC512B', kind: 'gost-curve', bits: 512 },
  { number: 40, name: 'GC512C', gnutlsName: 'GC512C', kind: 'gost-curve', bits: 512 },
  { number: 256, name: 'ffdhe2048', gnutlsName: 'FFDHE2048', kind: 'finite-field', bits: 2048 },
  { number: 257, name: 'ffdhe3072', gnutlsName: 'FFDHE3072', kind: 'finite-field', bits: 3072 },
  { number: 258, name: 'ffdhe4096', gnutlsName: 'FFDHE4096', kind: 'finite-field', bits: 4096 },
  { number: 259, name: 'ffdhe6144', gnutlsName: 'FFDHE6144', kind: 'finite-field', bits: 6144 },
  { number: 260, name: 'ffdhe8192', gnutlsName: 'FFDHE8192', kind: 'finite-field', bits: 8192 },
  {
    number: 0x11eb,
    name: 'SecP256r1MLKEM768',
    gnutlsName: 'SECP256R1-MLKEM768',
    kind: 'hybrid',
    bits: 256,
  },
  {
    number: 0x11ec,
    name: 'X25519MLKEM768',
    gnutlsName: 'X25519-MLKEM768',
    kind: 'hybrid',
    bits: 255,
  },
  {
    number: 0x11ed,
    name: 'SecP384r1MLKEM1024',
    gnutlsName: 'SECP384R1-MLKEM1024',
    kind: 'hybrid',
    bits: 384,
  },
] as const satisfies readonly TlsGroup[]

const byNumber = new Map<number, TlsGroup>(TLS_GROUPS.map((group) => [group.number, group]))
const byGnutlsName = new Map<string, TlsGroup>(TLS_GROUPS.map((group) => [group.gnutlsName, group]))

/** The group with an IANA number, or undefined where it is not in the table. */
export function findTlsGroup(number: number): TlsGroup | undefined {
  return byNumber.get(number)
}

/** The group that GnuTLS calls so, or undefined where TLS has no such group. */
export function findTlsGroupByGnutlsName(name: string): TlsGroup | undefined {
  return byGnutlsName.get(name)
}

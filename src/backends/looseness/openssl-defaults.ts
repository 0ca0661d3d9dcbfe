/** What OpenSSL offers by itself where it takes a list of the file for an error. */
import type { GroupName } from '../../algorithms/group.ts'
import { exchangeKind } from '../../algorithms/handshake-needs.ts'
import { bitsOfGroup, OPENSSL_HASH_BITS } from '../../algorithms/openssl-security-bits.ts'
import { GROUPS_IN_TLS } from '../../algorithms/policy-names-in-tls.ts'
import type { ProtocolName } from '../../algorithms/protocol.ts'
import type { SignatureName } from '../../algorithms/signature.ts'
import { TLS_GROUPS } from '../../algorithms/tls-groups.ts'
import type { TlsSuite } from '../../algorithms/tls-suites.ts'
import { bitsOfLevel } from '../../priority/cipher-list/cipher-list.ts'
import { isSince } from '../../priority/library-releases.ts'

/** What the defaults go by. */
export type Frame = {
  readonly level: number
  readonly versions: readonly ProtocolName[]
  readonly release: string
}

/** Before 3.5. */
const GROUPS: readonly GroupName[] = [
  ...(['X25519', 'SECP256R1', 'X448', 'SECP521R1', 'SECP384R1'] as const),
  ...(['FFDHE-2048', 'FFDHE-3072', 'FFDHE-4096', 'FFDHE-6144', 'FFDHE-8192'] as const),
]

/** A client names groups where a version or a suite can use them. */
export function ownGroups({
  level,
  versions,
  suites,
}: Frame & { readonly suites: readonly TlsSuite[] }): readonly GroupName[] {
  const has13 = versions.includes('TLS1.3')
  const hasCurves = suites.some((suite) => exchangeKind(suite) === 'curve')
  return GROUPS.filter((name) => {
    const group = TLS_GROUPS.find((row) => row.name === GROUPS_IN_TLS[name])
    if (group === undefined || (level > 0 && bitsOfGroup(group) < bitsOfLevel(level))) return false
    return has13 || (hasCurves && group.kind === 'curve')
  })
}

const LATTICES: readonly SignatureName[] = ['MLDSA65', 'MLDSA87', 'MLDSA44']

const BRAINPOOL: readonly SignatureName[] = [
  ...(['ECDSA-BRAINPOOLP256-SHA2-256', 'ECDSA-BRAINPOOLP384-SHA2-384'] as const),
  'ECDSA-BRAINPOOLP512-SHA2-512',
]

const SIGNATURES: readonly SignatureName[] = [
  ...(['ECDSA-SHA2-256', 'ECDSA-SHA2-384', 'ECDSA-SHA2-512'] as const),
  ...(['EDDSA-ED25519', 'EDDSA-ED448'] as const),
  ...(['RSA-PSS-SHA2-256', 'RSA-PSS-SHA2-384', 'RSA-PSS-SHA2-512'] as const),
  ...(['RSA-PSS-RSAE-SHA2-256', 'RSA-PSS-RSAE-SHA2-384', 'RSA-PSS-RSAE-SHA2-512'] as const),
  ...(['RSA-SHA2-256', 'RSA-SHA2-384', 'RSA-SHA2-512'] as const),
  ...(['ECDSA-SHA2-224', 'ECDSA-SHA1', 'RSA-SHA2-224', 'RSA-SHA1'] as const),
  ...(['DSA-SHA2-224', 'DSA-SHA1', 'DSA-SHA2-256', 'DSA-SHA2-384', 'DSA-SHA2-512'] as const),
]

/** Signatures that TLS 1.3 alone has. */
export function isNewSignature(name: SignatureName): boolean {
  return /^MLDSA|BRAINPOOL/.test(name)
}

/** TLS 1.3 alone has no DSA, SHA-1 and SHA-224. */
export function ownSignatures({ level, versions, release }: Frame): readonly SignatureName[] {
  const isOld = versions.some((name) => name !== 'TLS1.3')
  const newer = isSince(release, '3.5') ? [...LATTICES, ...BRAINPOOL] : []
  return [...newer, ...SIGNATURES].filter((name) => {
    if (!isOld && /^DSA|SHA1$|SHA2-224$/.test(name)) return false
    return reachesLevel(name, level)
  })
}

/** A signature is as strong as its hash, or as its curve. */
export function reachesLevel(name: SignatureName, level: number): boolean {
  const hash = /-SHA(?:2-)?(\d+)$/.exec(name)?.[1]
  const bits = hash === undefined ? 128 : (OPENSSL_HASH_BITS[`SHA${hash}`] ?? 256)
  return level === 0 || bits >= bitsOfLevel(level)
}

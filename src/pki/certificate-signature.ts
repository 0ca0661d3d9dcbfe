/** Signatures of certificates: which one a key makes under the policy, and making it. */
import { createHash, type KeyObject, sign } from 'node:crypto'
import { nullValue, objectIdentifier, sequenceOf } from '../asn1/der-writer.ts'
import { fail } from '../diagnostics/diagnostic.ts'
import { findCertificateSignature, isSignatureAllowed } from '../x509/signature-rules.ts'
import { formatKeyKind, type KeyKind } from './key-kind.ts'
import { type Strength, spanOfProhibition } from './key-strength.ts'
import { PKI_KINDS } from './pki-diagnostics.ts'
import { profileOrigin } from './profile-origin.ts'

export type CertificateSignature = {
  readonly identifier: string
  /** Undefined where the algorithm hashes by itself. */
  readonly hash?: 'sha256' | 'sha384' | 'sha512'
}

/** RFC 8017 appendix C. */
const RSA: readonly CertificateSignature[] = [
  { identifier: '1.2.840.113549.1.1.11', hash: 'sha256' },
  { identifier: '1.2.840.113549.1.1.12', hash: 'sha384' },
  { identifier: '1.2.840.113549.1.1.13', hash: 'sha512' },
]

/** RFC 5758 section 3.2. */
const ECDSA: readonly CertificateSignature[] = [
  { identifier: '1.2.840.10045.4.3.2', hash: 'sha256' },
  { identifier: '1.2.840.10045.4.3.3', hash: 'sha384' },
  { identifier: '1.2.840.10045.4.3.4', hash: 'sha512' },
]

/** The hash that goes with a curve comes first: TLS 1.3 has no other for it. */
const FIRST_OF_CURVE = { secp256r1: 0, secp384r1: 1, secp521r1: 2 } as const

/** RFC 8410 section 3, RFC 9881 section 2. */
const OTHERS: Readonly<Record<string, string>> = {
  ed25519: '1.3.101.112',
  ed448: '1.3.101.113',
  'ml-dsa-44': '2.16.840.1.101.3.4.3.17',
  'ml-dsa-65': '2.16.840.1.101.3.4.3.18',
  'ml-dsa-87': '2.16.840.1.101.3.4.3.19',
}

/**
 * The signature that a key makes: the usual one, or the next stronger that the policy allows.
 *
 * @throws DiagnosticError PKI_SIGNATURE_FORBIDDEN.
 */
export function chooseSignature(kind: KeyKind, strength: Strength): CertificateSignature {
  const candidates = candidatesFor(kind)
  const allowed = candidates.find(({ identifier }) => {
    const signature = findCertificateSignature(identifier)
    return signature && isSignatureAllowed(strength.evaluation, signature)
  })
  return allowed ?? refuse(kind, candidates, strength)
}

/** AlgorithmIdentifier; only RSA has parameters, which are NULL (RFC 4055 section 5). */
export function encodeAlgorithm({ identifier }: CertificateSignature): Buffer {
  const isRsa = RSA.some((row) => row.identifier === identifier)
  return sequenceOf(objectIdentifier(identifier), ...(isRsa ? [nullValue()] : []))
}

export function signBytes(
  bytes: Buffer,
  { hash }: CertificateSignature,
  key: KeyObject,
): Uint8Array {
  return sign(hash ?? null, bytes, key)
}

/** Names a key by itself (RFC 7093 section 2, method 1), without SHA-1. */
export function keyIdentifier(publicKeyBits: Uint8Array): Buffer {
  return createHash('sha256').update(publicKeyBits).digest().subarray(0, 20)
}

function candidatesFor(kind: KeyKind): readonly CertificateSignature[] {
  if (kind.type === 'rsa') return RSA
  if (kind.type === 'ecdsa') return ECDSA.slice(FIRST_OF_CURVE[kind.curve])
  return [{ identifier: OTHERS[kind.type] ?? '' }]
}

function refuse(
  kind: KeyKind,
  candidates: readonly CertificateSignature[],
  strength: Strength,
): never {
  const names = candidates.flatMap(({ identifier }) => findCertificateSignature(identifier) ?? [])
  const { certificateProhibitions } = strength.evaluation
  const prohibition = names.map(({ name }) => certificateProhibitions.get(name)).find(Boolean)
  const span = prohibition ? spanOfProhibition(prohibition) : profileOrigin(strength).span
  const data = { key: formatKeyKind(kind), names: names.map(({ name }) => name) }
  return fail(PKI_KINDS.signatureForbidden, data, span)
}

/** Measures keys and signatures as GnuTLS's verification profiles do. */
import type { MinimumKeySizes } from '../algorithms/allowed-tls.ts'
import { DER, readSequence, requireTag } from '../asn1/der.ts'
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts'
import type { Evaluation } from '../priority/evaluate.ts'
import type { GnutlsSignature } from '../priority/gnutls-algorithms.ts'
import { levelOfProfile, minimumKeySizes, type SecurityLevelName } from '../priority/profiles.ts'
import type { Certificate } from './certificate.ts'
import { readSignatureAlgorithm } from './signature-algorithm.ts'
import { findCertificateSignature, isSignatureAllowed, isSuiteB } from './signature-rules.ts'
import { nameCertificate, X509_KINDS } from './x509-diagnostics.ts'

/** The facts of a key that decide about its strength. */
export type MeasurableKey = {
  readonly asymmetricKeyType?: string
  readonly asymmetricKeyDetails?: { readonly modulusLength?: number; readonly namedCurve?: string }
}

/** A public key as the profiles measure it. */
export type KeyStrength = {
  /** As a message says it: `RSA 1024`. */
  readonly text: string
  readonly isEnough: boolean
  readonly needed: string
}

/** Measures a key, or what node:crypto would say of one that is yet to be made. */
export function measureKey(key: MeasurableKey, { profile }: Evaluation): KeyStrength {
  const type = key.asymmetricKeyType ?? 'unknown'
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {}
  if (isSuiteB(profile)) {
    const curves = profile === 'SUITEB192' ? SUITE_B_CURVES.slice(1) : SUITE_B_CURVES
    const isEnough = curves.includes(namedCurve)
    return { text: `${type} ${namedCurve}`, isEnough, needed: curves.join(' or ') }
  }
  const minimum = minimumKeySizes(profile, undefined)
  if (type.startsWith('ml-dsa')) return measureLattice(type, profile && levelOfProfile(profile))
  const [kind, bits] = keySize(type, modulusLength, namedCurve)
  const needed = minimum[kind]
  return { text: `${type} ${bits}`, isEnough: bits >= needed, needed: `${needed}` }
}

const SUITE_B_CURVES: readonly string[] = ['prime256v1', 'secp384r1']

function keySize(
  type: string,
  modulusLength: number,
  curve: string,
): readonly [kind: keyof MinimumKeySizes, bits: number] {
  if (type.startsWith('rsa')) return ['rsa', modulusLength]
  if (type === 'dsa') return ['dsa', modulusLength]
  if (type === 'ed25519') return ['ec', 256]
  if (type === 'ed448') return ['ec', 456]
  return ['ec', Number(/\d{3}/.exec(curve)?.[0] ?? 0)]
}

/** From the weakest level to the strongest that each parameter set reaches (FIPS 204). */
const LATTICE_LEVELS: Readonly<Record<string, readonly SecurityLevelName[]>> = {
  'ml-dsa-44': ['high', 'ultra', 'future'],
  'ml-dsa-65': ['ultra', 'future'],
  'ml-dsa-87': ['future'],
}

function measureLattice(type: string, level: SecurityLevelName | undefined): KeyStrength {
  const tooHigh = LATTICE_LEVELS[type] ?? []
  const isEnough = level === undefined || !tooHigh.includes(level)
  return { text: type, isEnough, needed: 'a larger parameter set' }
}

/** Why a certificate may not bear its signature, if it may not. */
export function findWeakSignature(
  certificate: Certificate,
  evaluation: Evaluation,
): Diagnostic | undefined {
  const signature = signatureOf(certificate)
  if (signature.known && isSignatureAllowed(evaluation, signature.known)) return undefined
  const label = nameCertificate(certificate)
  return diagnose(X509_KINDS.weakSignature, { certificate: label, signature: signature.name })
}

/** The signature that a certificate bears, by GnuTLS's name where it has one. */
export function signatureOf({ x509 }: Certificate): {
  readonly name: string
  readonly known: GnutlsSignature | undefined
} {
  const [, algorithm] = readSequence(x509.raw)
  const { identifier, pssHash } = readSignatureAlgorithm(requireTag(algorithm, DER.sequence))
  const known = findCertificateSignature(identifier, pssHash)
  return { name: known?.name ?? identifier, known }
}

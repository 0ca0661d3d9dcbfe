/** Checks the keys and signatures of a peer's chain, as GnuTLS's verification profiles do. */
import type { X509Certificate } from 'node:crypto'
import type { MinimumKeySizes } from '../algorithms/allowed-tls.ts'
import { readSequence } from '../asn1/der.ts'
import { type Diagnostic, DiagnosticError, diagnose } from '../diagnostics/diagnostic.ts'
import type { Evaluation } from '../priority/evaluate.ts'
import { levelOfProfile, minimumKeySizes, type SecurityLevelName } from '../priority/profiles.ts'
import { readSignatureAlgorithm } from './signature-algorithm.ts'
import { findCertificateSignature, isSignatureAllowed, isSuiteB } from './signature-rules.ts'
import { X509_KINDS } from './x509-diagnostics.ts'

/**
 * Checks every certificate from the peer's own up to the trust anchor. The signature of a
 * self-signed certificate proves nothing and is not looked at.
 *
 * @throws DiagnosticError where a key is too small or a signature is forbidden.
 */
export function checkChain(chain: readonly X509Certificate[], evaluation: Evaluation): void {
  for (const certificate of chain) {
    const isSelfIssued = certificate.checkIssued(certificate)
    const weakness =
      findWeakKey(certificate, evaluation) ??
      (isSelfIssued ? undefined : findWeakSignature(certificate, evaluation))
    if (weakness) throw new DiagnosticError([weakness])
  }
}

/**
 * Why a key does not reach the verification profile, if it does not.
 *
 * @param label what a message calls the certificate.
 */
export function findWeakKey(
  certificate: X509Certificate,
  evaluation: Evaluation,
  label = labelOf(certificate),
): Diagnostic | undefined {
  const { text, isEnough, needed } = measureKey(certificate.publicKey, evaluation)
  if (isEnough) return undefined
  return diagnose(X509_KINDS.weakKey, { certificate: label, key: text, needed })
}

/** What of a key decides about its strength. */
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
  certificate: X509Certificate,
  evaluation: Evaluation,
  label = labelOf(certificate),
): Diagnostic | undefined {
  const [, algorithm] = readSequence(certificate.raw)
  const { identifier, pssHash } = algorithm
    ? readSignatureAlgorithm(algorithm)
    : { identifier: 'nothing' }
  const signature = findCertificateSignature(identifier, pssHash)
  if (signature && isSignatureAllowed(evaluation, signature)) return undefined
  const name = signature?.name ?? identifier
  return diagnose(X509_KINDS.weakSignature, { certificate: label, signature: name })
}

/** A subject has a line for each part of the name; it is undefined where there is no part. */
function labelOf({ subject }: { readonly subject: string | undefined }): string {
  return `certificate ${JSON.stringify((subject ?? '').split('\n').join(', '))}`
}

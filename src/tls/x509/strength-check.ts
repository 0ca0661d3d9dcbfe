/** Checks the keys and signatures of a peer's chain, as GnuTLS's verification profiles do. */
import type { X509Certificate } from 'node:crypto'
import type { MinimumKeySizes } from '../../algorithms/allowed-tls.ts'
import { DiagnosticError, diagnose } from '../../diagnostics/diagnostic.ts'
import type { Evaluation } from '../../priority/evaluate.ts'
import { levelOfProfile, minimumKeySizes, type SecurityLevelName } from '../../priority/profiles.ts'
import { TLS_KINDS } from '../tls-diagnostics.ts'
import { readElements, readObjectIdentifier, readSequence } from './der.ts'
import { findCertificateSignature, isSignatureAllowed, isSuiteB } from './signature-rules.ts'

/**
 * Checks every certificate from the peer's own up to the trust anchor. The signature of a
 * self-signed certificate proves nothing and is not looked at.
 *
 * @throws DiagnosticError where a key is too small or a signature is forbidden.
 */
export function checkChain(chain: readonly X509Certificate[], evaluation: Evaluation): void {
  for (const certificate of chain) {
    checkKey(certificate, evaluation)
    if (!certificate.checkIssued(certificate)) checkSignature(certificate, evaluation)
  }
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

function checkKey(certificate: X509Certificate, evaluation: Evaluation): void {
  const { text, isEnough, needed } = measureKey(certificate.publicKey, evaluation)
  if (isEnough) return
  const { subject } = certificate
  throw new DiagnosticError([
    diagnose(TLS_KINDS.weakKey, { subject: oneLine(subject), key: text, needed }),
  ])
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

function checkSignature(certificate: X509Certificate, evaluation: Evaluation): void {
  const { identifier, pssHash } = readSignatureAlgorithm(certificate.raw)
  const signature = findCertificateSignature(identifier, pssHash)
  if (signature && isSignatureAllowed(evaluation, signature)) return
  const data = { subject: oneLine(certificate.subject), signature: signature?.name ?? identifier }
  throw new DiagnosticError([diagnose(TLS_KINDS.weakSignature, data)])
}

const RSASSA_PSS = '1.2.840.113549.1.1.10'
const SHA1 = '1.3.14.3.2.26'

/**
 * Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }, RFC 5280
 * section 4.1; the parameters of RSA-PSS are those of RFC 4055 section 3.1.
 */
function readSignatureAlgorithm(raw: Buffer): { identifier: string; pssHash?: string } {
  const [, algorithm] = readSequence(raw)
  const [name, parameters] = algorithm ? readElements(algorithm.body) : []
  const identifier = name ? readObjectIdentifier(name) : ''
  if (identifier !== RSASSA_PSS) return { identifier }
  const fields = parameters ? readElements(parameters.body) : []
  const hash = fields.find(({ tag }) => tag === 0xa0)
  const [hashName] = hash ? readSequence(hash.body) : []
  return { identifier, pssHash: hashName ? readObjectIdentifier(hashName) : SHA1 }
}

/** A subject has a line for each part of the name. */
function oneLine(subject: string): string {
  return JSON.stringify(subject.split('\n').join(', '))
}

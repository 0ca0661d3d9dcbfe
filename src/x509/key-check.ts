/**
 * Whether a public key may be used at all, asked before any signature is verified with it: its
 * parameters decide what a verification costs, and whether it proves anything.
 */
import type { KeyObject } from 'node:crypto'
import {
  DER,
  type DerElement,
  readElements,
  readObjectIdentifier,
  readOnly,
  requireTag,
} from '../asn1/der.ts'
import { type Diagnostic, diagnose, fail } from '../diagnostics/diagnostic.ts'
import type { Evaluation } from '../priority/evaluate.ts'
import type { Certificate } from './certificate.ts'
import { measureKey } from './strength-check.ts'
import { nameCertificate, X509_KINDS } from './x509-diagnostics.ts'

/** Types of keys whose parameters are looked at (RFC 3279, RFC 4055, RFC 8410). */
const KEY_TYPES = {
  rsa: '1.2.840.113549.1.1.1',
  rsaPss: '1.2.840.113549.1.1.10',
  elliptic: '1.2.840.10045.2.1',
} as const

/** Curves of keys by their identifiers, as GnuTLS calls them (RFC 5480, RFC 8410). */
const CURVES: ReadonlyMap<string, string> = new Map([
  ['1.2.840.10045.3.1.1', 'SECP192R1'],
  ['1.3.132.0.33', 'SECP224R1'],
  ['1.2.840.10045.3.1.7', 'SECP256R1'],
  ['1.3.132.0.34', 'SECP384R1'],
  ['1.3.132.0.35', 'SECP521R1'],
])

/** Keys whose type is their curve. */
const EDWARDS_CURVES: ReadonlyMap<string, string> = new Map([
  ['1.3.101.112', 'Ed25519'],
  ['1.3.101.113', 'Ed448'],
])

/** Longer exponents cost what a signature costs to make, and FIPS 186-5 allows none. */
const MAX_EXPONENT = 2n ** 256n

/**
 * The key of a certificate.
 *
 * @throws DiagnosticError TLS_CERTIFICATE_KEY_UNREADABLE where OpenSSL cannot decode it.
 */
export function readPublicKey(certificate: Certificate): KeyObject {
  try {
    return certificate.x509.publicKey
  } catch {
    const reason = 'OpenSSL cannot decode it'
    return fail(X509_KINDS.unreadableKey, { certificate: nameCertificate(certificate), reason })
  }
}

/** Why a key may not be part of a chain, if it may not. */
export function findKeyProblem(
  certificate: Certificate,
  evaluation: Evaluation,
): Diagnostic | undefined {
  const label = nameCertificate(certificate)
  try {
    const reason = findForbiddenParameters(certificate.link.publicKey, evaluation)
    if (reason !== undefined) {
      return diagnose(X509_KINDS.forbiddenKey, { certificate: label, reason })
    }
    const { text, isEnough, needed } = measureKey(certificate.x509.publicKey, evaluation)
    return isEnough
      ? undefined
      : diagnose(X509_KINDS.weakKey, { certificate: label, key: text, needed })
  } catch (error) {
    const reason = error instanceof RangeError ? error.message : 'OpenSSL cannot decode it'
    return diagnose(X509_KINDS.unreadableKey, { certificate: label, reason })
  }
}

/**
 * SubjectPublicKeyInfo ::= SEQUENCE { SEQUENCE { algorithm, parameters }, subjectPublicKey }.
 *
 * @throws RangeError where it is malformed.
 */
function findForbiddenParameters(publicKey: Buffer, evaluation: Evaluation): string | undefined {
  const [algorithm, key] = readOnly(publicKey, DER.sequence)
  const [type, parameters] = readElements(requireTag(algorithm, DER.sequence).body)
  const identifier = readObjectIdentifier(requireTag(type, DER.objectIdentifier))
  switch (identifier) {
    case KEY_TYPES.rsa:
    case KEY_TYPES.rsaPss:
      return findBadExponent(requireTag(key, DER.bitString).body.subarray(1))
    case KEY_TYPES.elliptic:
      return findForbiddenCurve(parameters, evaluation)
    default:
      return prohibitedCurve(EDWARDS_CURVES.get(identifier), evaluation)
  }
}

/** RSAPublicKey ::= SEQUENCE { modulus, publicExponent }. */
function findBadExponent(key: Buffer): string | undefined {
  const [, exponent] = readOnly(key, DER.sequence)
  const { body } = requireTag(exponent, DER.integer)
  const value = body.length > 64 ? MAX_EXPONENT : BigInt(`0x${body.toString('hex') || '0'}`)
  if (value >= MAX_EXPONENT) return 'the public exponent of its RSA key has more than 256 bits'
  // With an exponent of 1 a message is its own signature; even ones belong to no key.
  if (value < 3n || value % 2n === 0n) return `the public exponent of its RSA key is ${value}`
  return undefined
}

/** Explicit parameters could describe any group, also one in which signatures prove nothing. */
function findForbiddenCurve(
  parameters: DerElement | undefined,
  evaluation: Evaluation,
): string | undefined {
  if (parameters?.tag !== DER.objectIdentifier) {
    return 'its key describes a curve of its own instead of naming one (RFC 5480 section 2.1.1)'
  }
  const identifier = readObjectIdentifier(parameters)
  const curve = CURVES.get(identifier)
  return curve === undefined
    ? `its key is on a curve that GnuTLS does not have: ${identifier}`
    : prohibitedCurve(curve, evaluation)
}

function prohibitedCurve(
  curve: string | undefined,
  { curveProhibitions }: Evaluation,
): string | undefined {
  return curve !== undefined && curveProhibitions.has(curve)
    ? `its key is on the curve ${curve}, which the configuration disables`
    : undefined
}

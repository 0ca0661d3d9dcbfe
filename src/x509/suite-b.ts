/** What the Suite B profiles ask of a certificate and its issuer together (RFC 5759). */
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts'
import type { Evaluation } from '../priority/evaluate.ts'
import type { Certificate } from './certificate.ts'
import { isSuiteB } from './signature-rules.ts'
import { signatureOf } from './strength-check.ts'
import { nameCertificate, X509_KINDS } from './x509-diagnostics.ts'

/** The larger of the two curves; keys on others are refused by themselves. */
const LARGE_CURVE = 'secp384r1'

/** The reason against a certificate below an issuer, if there is one. */
export function findSuiteBProblem(
  certificate: Certificate,
  issuer: Certificate | undefined,
  { profile }: Evaluation,
): Diagnostic | undefined {
  if (!isSuiteB(profile)) return undefined
  const old = [certificate, issuer].find((one) => one && one.version !== 3)
  if (old) return diagnose(X509_KINDS.oldVersion, old)
  return issuer && (findWeakerIssuer(certificate, issuer) ?? findSmallHash(certificate, issuer))
}

function findWeakerIssuer(certificate: Certificate, issuer: Certificate): Diagnostic | undefined {
  const [curve, needed] = [curveOf(issuer), curveOf(certificate)]
  if (needed !== LARGE_CURVE || curve === LARGE_CURVE) return undefined
  const data = { certificate: nameCertificate(issuer), key: `ec ${curve}`, needed }
  return diagnose(X509_KINDS.weakKey, data)
}

/** A key on P-384 signs with SHA-384 only. */
function findSmallHash(certificate: Certificate, issuer: Certificate): Diagnostic | undefined {
  const { name } = signatureOf(certificate)
  if (name !== 'ECDSA-SHA256' || curveOf(issuer) !== LARGE_CURVE) return undefined
  const data = { certificate: nameCertificate(certificate), signature: `${name} of a P-384 key` }
  return diagnose(X509_KINDS.weakSignature, data)
}

/** Asked only of keys that can be decoded. */
function curveOf({ x509 }: Certificate): string {
  return x509.publicKey.asymmetricKeyDetails?.namedCurve ?? ''
}

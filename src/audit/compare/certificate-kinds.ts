/** Kinds of certificates that guidelines ask for: types of keys, curves, and how they are signed. */
import type { CertificateResult, TlsScan } from '../model.ts'
import type { Finding } from './finding.ts'
import { FINDING_KINDS, makeFinding } from './finding-kinds.ts'
import { handshakeClaims } from './handshake-claims.ts'
import type { CertificateRules, TlsYardstick } from './yardstick.ts'

/** Of each chain, the certificate of the server itself. */
export function compareCertificateKinds(
  scan: TlsScan,
  { certificates: rules }: TlsYardstick,
): readonly Finding[] {
  if (!rules) return []
  const evidence = handshakeClaims(scan)
  const shown = scan.chains.flatMap(({ certificates }) => certificates[0] ?? [])
  return shown.flatMap((certificate) => [
    ...findForbiddenKey(certificate, rules, evidence),
    ...findForbiddenSignature(certificate, rules, evidence),
  ])
}

/** Names of guidelines, by those of node:crypto. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['ec', 'ecdsa'],
  ['rsa', 'rsa'],
  ['rsa-pss', 'rsa'],
])

function findForbiddenKey(
  { keyType, curve, subject, fingerprint }: CertificateResult,
  { types, curves, reasonFor }: CertificateRules,
  evidence: readonly string[],
): readonly Finding[] {
  const type = TYPES.get(keyType) ?? keyType
  const isTypeForbidden = types.length > 0 && !types.includes(type)
  const isCurveForbidden = curve !== null && curves.length > 0 && !curves.includes(curve)
  if (!isTypeForbidden && !isCurveForbidden) return []
  return [
    makeFinding(FINDING_KINDS.certificateKindForbidden, {
      item: { kind: 'certificate', name: subject || fingerprint, version: null },
      evidence,
      reasons: [reasonFor(isTypeForbidden ? 'certificate_types' : 'certificate_curves')],
      detail: isTypeForbidden ? `a key of the type ${type}` : `a key of the curve ${curve}`,
    }),
  ]
}

/** A signature of the holder itself is never checked. */
function findForbiddenSignature(
  { signatureAlgorithm, subject, isSelfSigned, fingerprint }: CertificateResult,
  { signatures, reasonFor }: CertificateRules,
  evidence: readonly string[],
): readonly Finding[] {
  if (signatureAlgorithm === null || isSelfSigned || signatures.length === 0) return []
  if (signatures.includes(signatureAlgorithm)) return []
  return [
    makeFinding(FINDING_KINDS.certificateSignatureForbidden, {
      item: { kind: 'certificate', name: subject || fingerprint, version: null },
      evidence,
      reasons: [reasonFor('certificate_signatures')],
      detail: `${signatureAlgorithm}, which is not allowed`,
      severity: /MD5|SHA1$/.test(signatureAlgorithm) ? 'high' : 'low',
    }),
  ]
}

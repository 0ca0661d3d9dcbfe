/** Tells of a certificate whose issuer is not there. */
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts'
import type { Certificate } from './certificate.ts'
import { namesIssuer } from './issuer.ts'
import { X509_KINDS } from './x509-diagnostics.ts'

/** @param known Among them is none that the child names as its issuer, by name and key. */
export function diagnoseMissingIssuer(
  child: Certificate,
  known: readonly Certificate[],
): Diagnostic {
  const hasNamesake = known.some(
    (one) => one.link.subject.equals(child.link.issuer) && !namesIssuer(child, one),
  )
  return diagnose(X509_KINDS.noIssuer, { ...child, hasNamesake })
}

/**
 * Authorities that older releases of QEMU refuse: up to QEMU 10 they check every authority of the file,
 * from QEMU 11 on those that are needed.
 */
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts'
import type { Certificate } from '../x509/certificate.ts'
import { dateOf } from './authority.ts'
import { PKI_KINDS } from './pki-diagnostics.ts'

/** A warning for each authority with which older releases refuse the folder. */
export function findUnfitAuthorities(
  authorities: readonly Certificate[],
  now: Date,
): readonly Diagnostic[] {
  return authorities.flatMap((authority) => {
    const reason = reasonAgainst(authority, now)
    if (reason === undefined) return []
    const { place, subject } = authority
    return [diagnose(PKI_KINDS.olderQemu, { path: place.file, subject, reason })]
  })
}

function reasonAgainst(authority: Certificate, now: Date): string | undefined {
  const { notBefore, notAfter, basicConstraints, keyUsage } = authority
  if (notAfter < now) return `expired on ${dateOf(notAfter)}`
  if (notBefore > now) return `is not valid before ${dateOf(notBefore)}`
  if (!basicConstraints?.isAuthority) return 'is not one of an authority'
  if (keyUsage?.critical && !keyUsage.uses.has('keyCertSign')) return 'may not sign certificates'
  return undefined
}

/** Whether an endpoint's own certificates can serve it, asked when they are loaded, as QEMU asks. */

import type { TlsRole } from '../algorithms/tls-role.ts'
import { type Diagnostic, diagnose, hasErrors } from '../diagnostics/diagnostic.ts'
import type { Evaluation } from '../priority/evaluate.ts'
import type { Certificate } from './certificate.ts'
import { checkTimes, findChainProblem } from './chain-check.ts'
import { isSelfIssued, namesIssuer } from './issuer.ts'
import { diagnoseMissingIssuer } from './missing-issuer.ts'
import { allowsRole } from './purposes.ts'
import { findRevocation, isListSignedBy, type RevocationList } from './revocation-list.ts'
import { demandsStatus } from './status-demand.ts'
import { X509_KINDS } from './x509-diagnostics.ts'

export type OwnCertificates = {
  readonly role: TlsRole
  /** The endpoint's own certificate and what stands after it in its file. */
  readonly chain: readonly Certificate[]
  readonly authorities: readonly Certificate[]
  readonly revocationLists: readonly RevocationList[]
  readonly evaluation: Evaluation
  /** By default the present time. */
  readonly now?: Date
}

/**
 * Every reason against the certificates, in the order in which QEMU looks: each certificate of the
 * file by itself, their order, the authorities up to the root, and the chain as a peer would
 * verify it. Then warnings.
 */
export function checkOwnCertificates(input: OwnCertificates): readonly Diagnostic[] {
  const { chain, role, now = new Date() } = input
  if (chain.length === 0) return []
  const found = [
    ...chain.flatMap((certificate, at) =>
      at === 0 ? checkOwn(certificate, role, now) : checkAuthority(certificate, now),
    ),
    ...chain.flatMap((certificate, at) => checkOrder(certificate, chain[at + 1])),
    ...checkAuthorities(input, now),
  ]
  // The same errors would be told a second time.
  const problem = hasErrors(found)
    ? undefined
    : findChainProblem({ ...input, revocationLists: [], now })
  const warnings = [...warnAboutStatus(chain), ...warnAboutRevocation(input, now)]
  return [...found, ...(problem ? [problem] : []), ...warnings]
}

function checkOwn(certificate: Certificate, role: TlsRole, now: Date): readonly Diagnostic[] {
  const { basicConstraints, keyUsage, extendedKeyUsage } = certificate
  const times = checkTimes(certificate, now)
  const isAuthority = basicConstraints?.isAuthority
  const lacksSignature = keyUsage?.critical && !keyUsage.uses.has('digitalSignature')
  const lacksRole = extendedKeyUsage?.critical && !allowsRole(certificate, role)
  const needed = role === 'server' ? 'serverAuth' : 'clientAuth'
  return [
    ...(times ? [times] : []),
    ...(isAuthority ? [diagnose(X509_KINDS.isAuthority, { ...certificate, role })] : []),
    ...(lacksSignature ? [diagnose(X509_KINDS.keyUsage, certificate)] : []),
    ...(lacksRole ? [diagnose(X509_KINDS.purpose, { ...certificate, role, needed })] : []),
  ]
}

function checkAuthority(certificate: Certificate, now: Date): readonly Diagnostic[] {
  const { basicConstraints, keyUsage } = certificate
  const times = checkTimes(certificate, now)
  const found = basicConstraints ? 'basicConstraints say CA:FALSE' : 'it has no basicConstraints'
  const isAuthority = basicConstraints?.isAuthority
  const cannotSign = keyUsage?.critical && !keyUsage.uses.has('keyCertSign')
  return [
    ...(times ? [times] : []),
    ...(isAuthority ? [] : [diagnose(X509_KINDS.notAuthority, { ...certificate, found })]),
    ...(cannotSign ? [diagnose(X509_KINDS.cannotSign, certificate)] : []),
  ]
}

function checkOrder(
  certificate: Certificate,
  next: Certificate | undefined,
): readonly Diagnostic[] {
  if (!next || namesIssuer(certificate, next)) return []
  return [diagnose(X509_KINDS.wrongOrder, { ...certificate, next })]
}

/**
 * Walks from the last certificate of the file to a root. Only authorities on that way count;
 * others in the file may have expired. Of several that have the issuer's name QEMU takes the first.
 */
function checkAuthorities(
  { chain, authorities }: OwnCertificates,
  now: Date,
): readonly Diagnostic[] {
  const [own] = chain
  // As an authority it was looked at already, unless it is the endpoint's own certificate too.
  if (chain.length === 1 && own && isSelfIssued(own)) return checkAuthority(own, now)
  const found: Diagnostic[] = []
  const visited = new Set<Certificate>()
  let last = chain.at(-1)
  while (last && !isSelfIssued(last)) {
    const child = last
    visited.add(child)
    const issuer = authorities.find((authority) => namesIssuer(child, authority))
    // Two authorities that issued each other lead to no root.
    if (!issuer) return [...found, diagnoseMissingIssuer(child, authorities)]
    if (visited.has(issuer)) return [...found, diagnoseMissingIssuer(child, [])]
    found.push(...checkAuthority(issuer, now))
    last = issuer
  }
  return found
}

/** QEMU loads a certificate that demands an OCSP status, and its peers refuse it. */
function warnAboutStatus(chain: readonly Certificate[]): readonly Diagnostic[] {
  const demanding = chain.find(demandsStatus)
  return demanding ? [diagnose(X509_KINDS.ownNeedsStatus, demanding)] : []
}

/** QEMU loads a certificate that has been revoked, and lists whatever their age and signature. */
function warnAboutRevocation(
  { chain, authorities, revocationLists }: OwnCertificates,
  now: Date,
): readonly Diagnostic[] {
  const own = chain.flatMap((certificate) => {
    const list = findRevocation(certificate, revocationLists)
    if (!list) return []
    return [diagnose(X509_KINDS.ownRevoked, { ...certificate, list: list.place.file })]
  })
  const lists = revocationLists.flatMap((list) => warnAboutList(list, authorities, now))
  return [...own, ...lists]
}

function warnAboutList(
  list: RevocationList,
  authorities: readonly Certificate[],
  now: Date,
): readonly Diagnostic[] {
  const { place, nextUpdate, issuer } = list
  const isSigned = authorities.some((authority) => isListSignedBy(list, authority))
  const isStale = nextUpdate && nextUpdate < now
  return [
    ...(isSigned ? [] : [diagnose(X509_KINDS.strayList, { file: place.file, issuer })]),
    ...(isStale ? [diagnose(X509_KINDS.staleList, { file: place.file, nextUpdate })] : []),
  ]
}

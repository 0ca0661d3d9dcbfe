/** Checks a chain from the trusted authority down to its end, as GnuTLS verifies lists (RFC 5280 section 6). */
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts'
import type { Evaluation } from '../priority/evaluate.ts'
import type { Certificate } from './certificate.ts'
import { type ChainPath, findPath, MAX_CHAIN } from './chain-path.ts'
import { isSelfIssued } from './issuer.ts'
import { findForbiddenName } from './name-constraints.ts'
import { findRevocation, type RevocationList } from './revocation-list.ts'
import { findWeakKey, findWeakSignature } from './strength-check.ts'
import { nameCertificate, X509_KINDS } from './x509-diagnostics.ts'

export type ChainInput = {
  /** The end first. */
  readonly chain: readonly Certificate[]
  readonly authorities: readonly Certificate[]
  readonly revocationLists: readonly RevocationList[]
  readonly evaluation: Evaluation
  readonly now: Date
}

/** The first reason against a chain, from its authority downwards; then revocation. */
export function findChainProblem(input: ChainInput): Diagnostic | undefined {
  const { chain, authorities, revocationLists, now } = input
  const [end] = chain
  if (!end) return diagnose(X509_KINDS.noPeerCertificate, {})
  if (chain.length > MAX_CHAIN) {
    const data = { place: end.place, count: chain.length, limit: MAX_CHAIN }
    return diagnose(X509_KINDS.chainTooLong, data)
  }
  const path = findPath(chain, authorities, now)
  return (
    checkPath(path, input) ??
    first(path.certificates, (certificate) => checkRevocation(certificate, revocationLists))
  )
}

/** Whether the time of a certificate has come and not passed. */
export function checkTimes(certificate: Certificate, now: Date): Diagnostic | undefined {
  const { notBefore, notAfter } = certificate
  if (notAfter < now) return diagnose(X509_KINDS.expired, certificate)
  if (notBefore > now) return diagnose(X509_KINDS.notYetValid, certificate)
  return undefined
}

function checkRevocation(
  certificate: Certificate,
  lists: readonly RevocationList[],
): Diagnostic | undefined {
  const list = findRevocation(certificate, lists)
  return list && diagnose(X509_KINDS.revoked, { ...certificate, list: list.place.file })
}

function checkPath(path: ChainPath, { evaluation, now }: ChainInput): Diagnostic | undefined {
  const { certificates, anchor } = path
  if (!anchor) return explainMissingAnchor(path)
  // Of the anchor only the key counts: nobody's signature makes it trusted.
  const problem =
    checkTimes(anchor, now) ?? findWeakKey(anchor.x509, evaluation, nameCertificate(anchor))
  if (problem) return problem
  const downwards = [anchor, ...certificates.toReversed()]
  return first(certificates, (_, at) => {
    const issuers = downwards.slice(0, at + 1)
    const certificate = downwards[at + 1]
    return (
      certificate &&
      checkStep(certificate, issuers, at === certificates.length - 1, evaluation, now)
    )
  })
}

function explainMissingAnchor({ certificates, impostor }: ChainPath): Diagnostic | undefined {
  const last = certificates.at(-1)
  if (!last) return undefined
  return impostor
    ? diagnose(X509_KINDS.badSignature, { ...last, issuer: impostor })
    : diagnose(X509_KINDS.noIssuer, last)
}

/** One certificate below its issuers, the anchor being the first of them. */
function checkStep(
  certificate: Certificate,
  issuers: readonly Certificate[],
  isEnd: boolean,
  evaluation: Evaluation,
  now: Date,
): Diagnostic | undefined {
  const label = nameCertificate(certificate)
  return (
    checkIssuer(issuers) ??
    checkExtensions(certificate) ??
    checkTimes(certificate, now) ??
    findWeakKey(certificate.x509, evaluation, label) ??
    findWeakSignature(certificate.x509, evaluation, label) ??
    (isEnd ? checkNames(certificate, issuers) : undefined)
  )
}

function checkIssuer(issuers: readonly Certificate[]): Diagnostic | undefined {
  const issuer = issuers.at(-1)
  if (!issuer) return undefined
  const { basicConstraints, keyUsage } = issuer
  // Roots older than basicConstraints are trusted because they were put there.
  const isOldRoot = issuers.length === 1 && !basicConstraints && isSelfIssued(issuer)
  if (!basicConstraints?.isAuthority && !isOldRoot) {
    const found = basicConstraints ? 'basicConstraints say CA:FALSE' : 'it has no basicConstraints'
    return diagnose(X509_KINDS.notAuthority, { ...issuer, found })
  }
  if (keyUsage && !keyUsage.uses.has('keyCertSign')) return diagnose(X509_KINDS.cannotSign, issuer)
  return checkPathLengths(issuers) ?? checkExtensions(issuer)
}

/** An authority with a path length of 0 may have no other below it. */
function checkPathLengths(issuers: readonly Certificate[]): Diagnostic | undefined {
  return first(issuers, (issuer, at) => {
    const { pathLength = Infinity } = issuer.basicConstraints ?? {}
    if (issuers.length - 1 - at <= pathLength) return undefined
    return diagnose(X509_KINDS.pathTooLong, { ...issuer, pathLength })
  })
}

function checkExtensions(certificate: Certificate): Diagnostic | undefined {
  const [identifier] = certificate.unknownCritical
  if (identifier === undefined) return undefined
  return diagnose(X509_KINDS.unknownExtension, { ...certificate, identifier })
}

function checkNames(
  certificate: Certificate,
  issuers: readonly Certificate[],
): Diagnostic | undefined {
  return first(issuers, (issuer) => {
    const name = issuer.nameConstraints && findForbiddenName(certificate, issuer.nameConstraints)
    if (name === undefined) return undefined
    return diagnose(X509_KINDS.forbiddenName, { ...certificate, name, issuer })
  })
}

/** The first thing that a function finds. */
function first<Item>(
  items: readonly Item[],
  find: (item: Item, at: number) => Diagnostic | undefined,
): Diagnostic | undefined {
  for (const [at, item] of items.entries()) {
    const found = find(item, at)
    if (found) return found
  }
  return undefined
}

/** Checks a chain from the trusted authority down to its end, as GnuTLS verifies lists (RFC 5280 section 6). */

import type { TlsRole } from '../algorithms/tls-role.ts'
import { memoize } from '../cache/memoize.ts'
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts'
import type { Evaluation } from '../priority/evaluate.ts'
import type { Certificate } from './certificate.ts'
import { type ChainRules, findChain, findSessionChain, MAX_CHAIN } from './chain-search.ts'
import { MAX_FEATURES } from './extension-values.ts'
import { isSelfIssued } from './issuer.ts'
import { findKeyProblem } from './key-check.ts'
import { NameChecks } from './name-checks.ts'
import { findPurposeProblem, findUseProblem } from './purposes.ts'
import { findRevocation, type RevocationList } from './revocation-list.ts'
import { findWeakSignature } from './strength-check.ts'
import { findSuiteBProblem } from './suite-b.ts'
import { X509_KINDS } from './x509-diagnostics.ts'

export type ChainInput = {
  /** The end first. */
  readonly chain: readonly Certificate[]
  readonly authorities: readonly Certificate[]
  readonly revocationLists: readonly RevocationList[]
  readonly evaluation: Evaluation
  readonly now: Date
  /** What the end has to be for, and all above it; GnuTLS and QEMU do not ask. */
  readonly purpose?: TlsRole
  /** Whether only authorities above all that was sent count, as in sessions of GnuTLS; its lists take each. */
  readonly isSession?: boolean
}

/** The first reason against a chain, from its authority downwards; then revocation. */
export function findChainProblem(input: ChainInput): Diagnostic | undefined {
  const { chain, authorities, revocationLists } = input
  const [end] = chain
  if (!end) return diagnose(X509_KINDS.noPeerCertificate, {})
  if (chain.length > MAX_CHAIN) {
    const data = { place: end.place, count: chain.length, limit: MAX_CHAIN }
    return diagnose(X509_KINDS.chainTooLong, data)
  }
  const search = input.isSession ? findSessionChain : findChain
  const found = search(chain, authorities, new CertificateRules(input))
  if ('problem' in found) return found.problem
  const otherUse = input.purpose && findUseProblem(end, input.purpose)
  if (otherUse) return otherUse
  return first(found.path, (certificate) => checkRevocation(certificate, revocationLists))
}

/** Whether the time of a certificate has come and not passed. GnuTLS counts whole seconds, so the last one counts. */
export function checkTimes(certificate: Certificate, now: Date): Diagnostic | undefined {
  const { notBefore, notAfter } = certificate
  const second = new Date(now).setUTCMilliseconds(0)
  if (notAfter.getTime() < second) return diagnose(X509_KINDS.expired, certificate)
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

/** What GnuTLS asks of each certificate on the way. */
class CertificateRules implements ChainRules {
  readonly #evaluation: Evaluation
  readonly #now: Date
  readonly #purpose: TlsRole | undefined
  readonly #names = new NameChecks()
  /** What is wrong with a certificate by itself, which is the same on every way. */
  readonly #checkAlone = memoize(
    (certificate: Certificate): Diagnostic | undefined =>
      checkExtensions(certificate) ??
      checkTimes(certificate, this.#now) ??
      findKeyProblem(certificate, this.#evaluation) ??
      findWeakSignature(certificate, this.#evaluation) ??
      this.#checkPurpose(certificate),
  )

  constructor({ evaluation, now, purpose }: ChainInput) {
    this.#evaluation = evaluation
    this.#now = now
    this.#purpose = purpose
  }

  checkAnchor(anchor: Certificate): Diagnostic | undefined {
    // Only the key of the anchor counts: its signature proves nothing.
    return (
      checkTimes(anchor, this.#now) ??
      findKeyProblem(anchor, this.#evaluation) ??
      this.#checkPurpose(anchor)
    )
  }

  checkStep(certificate: Certificate, issuers: readonly Certificate[]): Diagnostic | undefined {
    return (
      checkIssuer(issuers) ??
      this.#checkAlone(certificate) ??
      checkFeatures(certificate, issuers) ??
      findSuiteBProblem(certificate, issuers.at(-1), this.#evaluation)
    )
  }

  checkEnd(end: Certificate, issuers: readonly Certificate[]): Diagnostic | undefined {
    return this.#names.check(end, issuers)
  }

  #checkPurpose(certificate: Certificate): Diagnostic | undefined {
    return this.#purpose && findPurposeProblem(certificate, this.#purpose)
  }
}

function checkIssuer(issuers: readonly Certificate[]): Diagnostic | undefined {
  const issuer = issuers.at(-1)
  if (!issuer) return undefined
  const { basicConstraints, keyUsage } = issuer
  // Authorities of version 1 are older than extensions. They are trusted because an administrator put them there.
  if (issuers.length === 1 && issuer.version === 1) return undefined
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

/** A feature that an authority has, all certificates below it have to have (RFC 7633 section 4.2.2). */
function checkFeatures(
  certificate: Certificate,
  issuers: readonly Certificate[],
): Diagnostic | undefined {
  return first(issuers, (issuer) => {
    if (issuer.tlsFeatures.length === 0) return undefined
    const crowded = [issuer, certificate].find((one) => one.tlsFeatures.length > MAX_FEATURES)
    if (crowded) return diagnose(X509_KINDS.tooManyFeatures, { ...crowded, limit: MAX_FEATURES })
    const feature = issuer.tlsFeatures.find((one) => !certificate.tlsFeatures.includes(one))
    if (feature === undefined) return undefined
    return diagnose(X509_KINDS.missingFeature, { ...certificate, feature, issuer })
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

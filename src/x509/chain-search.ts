/**
 * Finds a way from a trusted authority down to the peer's own certificate (RFC 5280 section 6).
 *
 * The search goes downwards, so that each signature is verified with a key that is trusted already.
 * All authorities and all ways are tried before a peer is refused. Each step has its cheap checks
 * before its signature, and the signatures of one search are counted: what a peer sends cannot make
 * the search expensive.
 */
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts'
import type { Certificate } from './certificate.ts'
import { isSame, isSelfIssued, namesIssuer, namesKey } from './issuer.ts'
import { diagnoseMissingIssuer } from './missing-issuer.ts'
import { findSessionWays } from './session-way.ts'
import { SignatureChecks } from './signature-checks.ts'
import { X509_KINDS } from './x509-diagnostics.ts'

/** Certificates that a peer may send, as in GnuTLS. */
export const MAX_CHAIN = 16

/** Ways are many where certificates have one name; no honest chain needs more steps. */
const MAX_STEPS = 2_000

/** What is asked of each certificate on the way. */
export type ChainRules = {
  /** Of an authority as it stands in the file. It is trusted without a signature. */
  checkAnchor(anchor: Certificate): Diagnostic | undefined
  /** Of a certificate below its issuers, the anchor being the first of them: before its signature. */
  checkStep(certificate: Certificate, issuers: readonly Certificate[]): Diagnostic | undefined
  /** Of the peer's own certificate, once its signature is known to be good. */
  checkEnd(end: Certificate, issuers: readonly Certificate[]): Diagnostic | undefined
}

/** The way that was found, or the reason against the one that came nearest. */
export type ChainFound =
  | { readonly path: readonly Certificate[] }
  | { readonly problem: Diagnostic }

/**
 * Searches a way to the first certificate of a chain.
 *
 * @param chain not empty.
 */
export function findChain(
  chain: readonly Certificate[],
  authorities: readonly Certificate[],
  rules: ChainRules,
): ChainFound {
  return new ChainSearch(chain, authorities, rules).find()
}

/** The same by the ways that a session of GnuTLS has, where it is clear which these are. */
export function findSessionChain(
  chain: readonly Certificate[],
  authorities: readonly Certificate[],
  rules: ChainRules,
): ChainFound {
  return new ChainSearch(chain, authorities, rules).findAsSession()
}

/** SIGNER_OLD_OR_UNKNOWN of GnuTLS. */
const OLD_OR_WEAK: readonly string[] = [
  ...[X509_KINDS.expired, X509_KINDS.weakKey, X509_KINDS.forbiddenKey].map(({ code }) => code),
  X509_KINDS.weakSignature.code,
]

class ChainSearch {
  readonly #end: Certificate
  readonly #others: readonly Certificate[]
  readonly #authorities: readonly Certificate[]
  readonly #rules: ChainRules
  readonly #signatures = new SignatureChecks()
  #steps = 0
  #nearest: { readonly depth: number; readonly problem: Diagnostic } | undefined

  constructor(
    chain: readonly Certificate[],
    authorities: readonly Certificate[],
    rules: ChainRules,
  ) {
    const [end, ...others] = withoutCopies(chain)
    if (!end) throw new RangeError('a chain has at least one certificate')
    this.#end = end
    this.#others = others
    this.#authorities = authorities
    this.#rules = rules
  }

  find(): ChainFound {
    const path = this.#findTrustedEnd() ?? this.#findPath(this.#candidates())
    return path ? { path } : { problem: this.#explain(this.#highest()) }
  }

  findAsSession(): ChainFound {
    const ways = findSessionWays([this.#end, ...this.#others], this.#authorities)
    if (!ways) return this.find()
    const trusted = this.#findTrustedEnd()
    if (trusted) return { path: trusted }
    for (const way of ways) {
      const path = this.#findPath(way.chain, way.authorities)
      if (path) return { path }
      if (!this.#isOldOrWeak()) break
    }
    return { problem: this.#explain(ways[0]?.chain.at(-1) ?? this.#end) }
  }

  /** Why GnuTLS goes on to an authority that was sent: the one above is no longer trusted, and nothing is forged. */
  #isOldOrWeak(): boolean {
    return OLD_OR_WEAK.includes(this.#nearest?.problem.code ?? '')
  }

  /** GnuTLS takes a certificate that is itself trusted where it came alone, or with a root. */
  #findTrustedEnd(): readonly Certificate[] | undefined {
    const [other, ...more] = this.#others
    if (more.length > 0 || (other && !isSelfIssued(other))) return undefined
    const anchor = this.#authorities.find((authority) => isSame(this.#end, authority))
    return anchor && this.#isAnchorGood(anchor) ? [this.#end] : undefined
  }

  #findPath(
    candidates: readonly Certificate[],
    authorities = this.#authorities,
  ): readonly Certificate[] | undefined {
    for (const anchor of anchorsOf(candidates, authorities)) {
      const path = this.#isAnchorGood(anchor) ? this.#descend([anchor], candidates) : undefined
      if (path) return path
    }
    return undefined
  }

  /** The certificates from which a way leads to the end, found from the end upwards, by names alone. */
  #candidates(): readonly Certificate[] {
    const isKnown = (one: Certificate): boolean =>
      this.#authorities.some((authority) => isSame(one, authority))
    // A root is trusted because it stands in the file, never because a peer sent it.
    const unused = new Set(this.#others.filter((one) => !isSelfIssued(one) && !isKnown(one)))
    const candidates = [this.#end]
    for (const child of candidates) {
      for (const issuer of unused) {
        if (!namesIssuer(child, issuer)) continue
        unused.delete(issuer)
        candidates.push(issuer)
      }
    }
    return candidates
  }

  #isAnchorGood(anchor: Certificate): boolean {
    const problem = this.#rules.checkAnchor(anchor)
    if (problem) this.#note(0, problem)
    return problem === undefined
  }

  /** The path from the end to below the anchor, if there is one below the issuers. */
  #descend(
    issuers: readonly Certificate[],
    candidates: readonly Certificate[],
  ): readonly Certificate[] | undefined {
    const issuer = issuers.at(-1) ?? this.#end
    for (const child of candidates) {
      if (issuers.includes(child) || !namesIssuer(child, issuer)) continue
      if (++this.#steps > MAX_STEPS) return undefined
      const problem = this.#checkStep(child, issuer, issuers)
      if (problem) this.#note(issuers.length, problem)
      else if (child === this.#end) return [child, ...issuers.slice(1).toReversed()]
      else {
        const path = this.#descend([...issuers, child], candidates)
        if (path) return path
      }
    }
    return undefined
  }

  #checkStep(
    child: Certificate,
    issuer: Certificate,
    issuers: readonly Certificate[],
  ): Diagnostic | undefined {
    const problem = this.#rules.checkStep(child, issuers)
    if (problem) return problem
    if (!this.#signatures.isSignedBy(child, issuer)) {
      return diagnose(X509_KINDS.badSignature, { ...child, issuer })
    }
    return child === this.#end ? this.#rules.checkEnd(child, issuers) : undefined
  }

  /** Several ways may fail. The reason nearest to the peer's own certificate says most. */
  #note(depth: number, problem: Diagnostic): void {
    if (!this.#nearest || depth > this.#nearest.depth) this.#nearest = { depth, problem }
  }

  /** @param highest where the way upwards ends. */
  #explain(highest: Certificate): Diagnostic {
    const { limit } = this.#signatures
    if (this.#signatures.isExhausted || this.#steps > MAX_STEPS) {
      return diagnose(X509_KINDS.tooManyChecks, { ...this.#end, limit })
    }
    return this.#nearest?.problem ?? diagnoseMissingIssuer(highest, this.#authorities)
  }

  /** Where the way upwards ends. */
  #highest(): Certificate {
    const unused = new Set(this.#others)
    let last = this.#end
    for (;;) {
      const child = last
      const issuer = [...unused].find((other) => namesIssuer(child, other))
      if (!issuer) return child
      unused.delete(issuer)
      last = issuer
    }
  }
}

function withoutCopies(chain: readonly Certificate[]): readonly Certificate[] {
  return chain.filter((one, at) => chain.findIndex((other) => isSame(one, other)) === at)
}

/** Authorities that a candidate names; first those whose key it names too. */
function anchorsOf(
  candidates: readonly Certificate[],
  authorities: readonly Certificate[],
): readonly Certificate[] {
  const named = authorities.filter((authority) =>
    candidates.some((candidate) => namesIssuer(candidate, authority)),
  )
  const hasKey = (authority: Certificate): boolean =>
    candidates.some((candidate) => namesKey(candidate, authority))
  return [...named.filter(hasKey), ...named.filter((authority) => !hasKey(authority))]
}

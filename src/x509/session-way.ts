/**
 * Which certificates and authorities GnuTLS asks for in a session.
 *
 * Its sessions begin at the top of what the peer sent: an authority has to stand above it, or be it. An
 * authority further below does not count, however trusted it is. Its lists take that one too.
 */
import type { Certificate } from './certificate.ts'
import { isSelfIssued, namesIssuer } from './issuer.ts'

export type SessionWay = {
  /** What is below the authorities, the peer's own certificate first. */
  readonly chain: readonly Certificate[]
  /** None where nothing trusted stands above the chain. */
  readonly authorities: readonly Certificate[]
}

/**
 * The ways that a session has: below the authorities above what was sent, then below those that are the top of it.
 * Undefined where several certificates that were sent may have issued another. GnuTLS then takes the first, and we try all.
 *
 * @param chain not empty, and without copies.
 */
export function findSessionWays(
  chain: readonly Certificate[],
  authorities: readonly Certificate[],
): readonly SessionWay[] | undefined {
  if (hasForms(chain)) return undefined
  const sent = withoutRoot(linkToKnown(chain, authorities))
  const top = sent.at(-1)
  if (!top) return undefined
  const named = (name: Buffer) => authorities.filter(({ link }) => link.subject.equals(name))
  const ways = [top.link.issuer, top.link.subject].flatMap((name) => {
    const way = cutBelow(sent, named(name))
    return way ? [way] : []
  })
  return ways.length > 0 ? ways : [{ chain: sent, authorities: [] }]
}

/** Whether one of the certificates has several issuers among the others. */
function hasForms(chain: readonly Certificate[]): boolean {
  const others = chain.slice(1)
  return chain.some(
    (child) => others.filter((one) => one !== child && namesIssuer(child, one)).length > 1,
  )
}

/** Certificates that issued each other, then such a part of the rest, until one has a known issuer. */
function linkToKnown(
  chain: readonly Certificate[],
  authorities: readonly Certificate[],
): readonly Certificate[] {
  const unused = new Set(chain)
  const linked: Certificate[] = []
  for (const first of chain) {
    if (!unused.delete(first)) continue
    linked.push(first)
    const top = linkUpwards(first, unused, linked)
    if (authorities.some((authority) => namesIssuer(top, authority))) break
  }
  return linked
}

/** Moves the issuers above a certificate, and gives the highest. */
function linkUpwards(
  first: Certificate,
  unused: Set<Certificate>,
  linked: Certificate[],
): Certificate {
  const issuer = [...unused].find((one) => namesIssuer(first, one))
  if (!issuer) return first
  unused.delete(issuer)
  linked.push(issuer)
  return linkUpwards(issuer, unused, linked)
}

/** A root is trusted because it stands in the file, never because a peer sent it. */
function withoutRoot(sent: readonly Certificate[]): readonly Certificate[] {
  const top = sent.at(-1)
  return top && sent.length > 1 && isSelfIssued(top) ? sent.slice(0, -1) : sent
}

/** What is below the first certificate that is an authority itself, if one of the authorities issued its top. */
function cutBelow(
  sent: readonly Certificate[],
  authorities: readonly Certificate[],
): SessionWay | undefined {
  const at = sent.findIndex((one, index) =>
    authorities.some((authority) => index > 0 && isForm(one, authority)),
  )
  const chain = at < 0 ? sent : sent.slice(0, at)
  const top = chain.at(-1)
  const isIssued = top && authorities.some((authority) => namesIssuer(top, authority))
  return isIssued ? { chain, authorities } : undefined
}

/** Whether both have one name and one key. */
function isForm({ link }: Certificate, other: Certificate): boolean {
  return link.subject.equals(other.link.subject) && link.publicKey.equals(other.link.publicKey)
}

/** Finds the way from a certificate to an authority that is trusted, as GnuTLS sorts and cuts chains. */
import type { Certificate } from './certificate.ts'
import { isSame, isSelfIssued, isSignedBy, isValidAt, namesIssuer } from './issuer.ts'

export type ChainPath = {
  /** From the peer's own certificate upwards, without the anchor. */
  readonly certificates: readonly Certificate[]
  /** The trusted authority that the last one leads to. */
  readonly anchor: Certificate | undefined
  /** Where there is no anchor: one that has the issuer's name, but whose key did not sign. */
  readonly impostor?: Certificate
}

/** Every certificate may be compared with every other, so their number has to be small. */
export const MAX_CHAIN = 16

/**
 * Walks upwards. An authority that is trusted ends the way, whether or not it is a root. Extra and
 * unsorted certificates do no harm; none is used twice, so a loop ends.
 */
export function findPath(
  chain: readonly Certificate[],
  authorities: readonly Certificate[],
  now: Date,
): ChainPath {
  const certificates: Certificate[] = []
  const unused = new Set(chain)
  let [last] = chain
  while (last) {
    const known = findKnown(last, authorities, certificates.length === 0)
    if (known) return { certificates, anchor: known }
    certificates.push(last)
    unused.delete(last)
    const anchor = findIssuer(last, authorities, now)
    if (anchor) return { certificates, anchor }
    last = findIssuer(last, [...unused], now)
  }
  return { certificates, anchor: undefined, ...findImpostor(certificates.at(-1), authorities) }
}

/**
 * The trusted form of a certificate: the same one, or for an authority one of the same name and
 * key, since authorities are issued again.
 */
function findKnown(
  certificate: Certificate,
  authorities: readonly Certificate[],
  isFirst: boolean,
): Certificate | undefined {
  return authorities.find((authority) =>
    isFirst
      ? isSame(certificate, authority)
      : certificate.link.subject.equals(authority.link.subject) &&
        certificate.link.publicKey.equals(authority.link.publicKey),
  )
}

/** Of several that signed it (one key, certified twice), rather one whose time has come. */
function findIssuer(
  certificate: Certificate,
  candidates: readonly Certificate[],
  now: Date,
): Certificate | undefined {
  const issuers = candidates.filter(
    (candidate) => namesIssuer(certificate, candidate) && isSignedBy(certificate, candidate),
  )
  return issuers.find((issuer) => isValidAt(issuer, now)) ?? issuers[0]
}

function findImpostor(
  certificate: Certificate | undefined,
  authorities: readonly Certificate[],
): { impostor?: Certificate } {
  if (!certificate || isSelfIssued(certificate)) return {}
  const impostor = authorities.find((authority) => namesIssuer(certificate, authority))
  return impostor ? { impostor } : {}
}

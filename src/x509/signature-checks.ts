/** Verifies the signatures of certificates: a few for each handshake, none twice. */

import { RecentlyUsed } from '../cache/recently-used.ts'
import type { Certificate } from './certificate.ts'

/** Signatures that one search may verify: those of the longest chain that is accepted. */
const MAX_CHECKS = 16

/** Results that are remembered beyond one search: peers connect again and again. */
const MAX_REMEMBERED = 1_024

/** Good or bad is a matter of the bytes alone, so a result never grows old. */
const remembered = new RecentlyUsed<boolean>(MAX_REMEMBERED)

/** The signatures of one search for a chain. */
export class SignatureChecks {
  readonly limit = MAX_CHECKS
  readonly #asked = new Map<string, boolean>()
  #isExhausted = false

  /** Whether a signature was not verified because too many had been. */
  get isExhausted(): boolean {
    return this.#isExhausted
  }

  /**
   * Whether the key of the issuer made the signature. Remembered results count like others, so that
   * the verdict on a chain does not depend on who was here before.
   */
  isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
    const id = `${certificate.x509.fingerprint256} ${issuer.publicKeyHash}`
    const known = this.#asked.get(id)
    if (known !== undefined) return known
    if (this.#asked.size >= MAX_CHECKS) {
      this.#isExhausted = true
      return false
    }
    const isGood = remembered.get(id) ?? isSignedBy(certificate, issuer)
    this.#asked.set(id, isGood)
    remembered.keep(id, isGood)
    return isGood
  }
}

/** Whether the key of one made the signature of the other; of a peer's certificates, the caller bounds how many. */
export function isSignedBy({ x509 }: Certificate, issuer: Certificate): boolean {
  try {
    return x509.verify(issuer.x509.publicKey)
  } catch {
    // A key that this OpenSSL cannot use is none that it can vouch for.
    return false
  }
}

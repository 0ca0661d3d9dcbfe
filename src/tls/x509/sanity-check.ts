/** Whether an endpoint's own certificates can serve it, asked when they are loaded, as QEMU asks. */
import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import type { Evaluation } from '../../priority/evaluate.ts'
import type { TlsRole } from '../negotiable.ts'
import type { Certificate } from './certificate.ts'
import type { RevocationList } from './revocation-list.ts'

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

/** Every reason against the certificates, in the order in which QEMU looks, and warnings. */
export function checkOwnCertificates(_input: OwnCertificates): readonly Diagnostic[] {
  throw new Error('not there yet')
}

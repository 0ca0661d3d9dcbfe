/** Whether a peer's chain leads to an authority that the endpoint trusts, as GnuTLS verifies it. */
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { Evaluation } from '../priority/evaluate.ts'
import type { Certificate } from './certificate.ts'
import { checkTimes, findChainProblem } from './chain-check.ts'
import type { RevocationList } from './revocation-list.ts'

export type PeerCertificates = {
  /** As the peer sent it: its own certificate first. */
  readonly chain: readonly Certificate[]
  readonly authorities: readonly Certificate[]
  readonly revocationLists: readonly RevocationList[]
  readonly evaluation: Evaluation
  /** By default the present time. */
  readonly now?: Date
}

/**
 * The reason to refuse the peer, if there is one. As QEMU, it looks at the times of every
 * certificate that the peer sent, needed or not, and not at what extendedKeyUsage says.
 */
export function checkPeerCertificates(input: PeerCertificates): Diagnostic | undefined {
  const now = input.now ?? new Date()
  const problem = findChainProblem({ ...input, now })
  if (problem) return problem
  return input.chain.map((certificate) => checkTimes(certificate, now)).find((found) => found)
}

/** Whether a peer's chain leads to an authority that the endpoint trusts, as GnuTLS verifies it. */
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts'
import type { Evaluation } from '../priority/evaluate.ts'
import type { Certificate } from './certificate.ts'
import { checkTimes, findChainProblem } from './chain-check.ts'
import type { RevocationList } from './revocation-list.ts'
import { demandsStatus, type StatusRequest } from './status-demand.ts'
import { X509_KINDS } from './x509-diagnostics.ts'

export type PeerCertificates = {
  /** As the peer sent it: its own certificate first. */
  readonly chain: readonly Certificate[]
  readonly authorities: readonly Certificate[]
  readonly revocationLists: readonly RevocationList[]
  readonly evaluation: Evaluation
  /** By default not asked. No endpoint here sends or reads a status. */
  readonly statusRequest?: StatusRequest
  /** By default the present time. */
  readonly now?: Date
}

/**
 * The reason to refuse the peer, if there is one. As QEMU, it looks at the times of every
 * certificate that the peer sent, needed or not, and not at what extendedKeyUsage says. As GnuTLS, it
 * looks for the OCSP status that any of them demands where the client asked for one, or may have asked.
 */
export function checkPeerCertificates(input: PeerCertificates): Diagnostic | undefined {
  const now = input.now ?? new Date()
  const problem = findChainProblem({ ...input, now, isSession: true })
  if (problem) return problem
  return (
    input.chain.map((certificate) => checkTimes(certificate, now)).find((found) => found) ??
    findMissingStatus(input.chain, input.statusRequest)
  )
}

function findMissingStatus(
  chain: readonly Certificate[],
  request: StatusRequest = 'not asked',
): Diagnostic | undefined {
  if (request === 'not asked') return undefined
  const demanding = chain.find(demandsStatus)
  if (!demanding) return undefined
  return request === 'asked'
    ? diagnose(X509_KINDS.needsStatus, demanding)
    : diagnose(X509_KINDS.unknownStatusRequest, { ...demanding, release: process.version })
}

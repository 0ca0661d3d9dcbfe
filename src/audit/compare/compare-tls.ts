/** Holds what a scan of a TLS server found against a yardstick. */
import type { TlsScan } from '../model.ts'
import { compareCertificateKinds } from './certificate-kinds.ts'
import { compareCertificates } from './certificates.ts'
import { compareEnumerations } from './enumerations.ts'
import { type Finding, sortFindings } from './finding.ts'
import { compareKeyExchanges } from './key-exchanges.ts'
import { compareOrder } from './order.ts'
import { compareVersions } from './versions.ts'
import type { TlsYardstick } from './yardstick.ts'

/** Findings, worst first; none where the server does as the yardstick says. */
export function compareTls(scan: TlsScan, yardstick: TlsYardstick): readonly Finding[] {
  return sortFindings([
    ...compareVersions(scan, yardstick),
    ...compareEnumerations(scan, yardstick),
    ...compareKeyExchanges(scan, yardstick),
    ...compareCertificates(scan, yardstick),
    ...compareCertificateKinds(scan, yardstick),
    ...compareOrder(scan, yardstick),
  ])
}

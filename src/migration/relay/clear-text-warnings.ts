/** Warns where the side of a relay that has no TLS is open to the network. */
import { type Diagnostic, diagnose } from '../../diagnostics/diagnostic.ts'
import { ENDPOINT_KINDS } from '../../endpoint/endpoint-diagnostics.ts'
import { isLoopback, isOpenToNetwork, printHostAndPort } from '../../net/address.ts'
import type { MigrationUri } from '../address/migration-uri.ts'
import { RELAY_KINDS } from './relay-diagnostics.ts'
import type { RelaySides } from './relay-sides.ts'

/** @param place Where the relay listens, as printBoundAddress prints it. */
export function clearTextWarnings(
  place: string,
  to: MigrationUri,
  { tls }: RelaySides,
): readonly Diagnostic[] {
  if (tls === 'listen') {
    const isFar = to.kind === 'tcp' && !isLoopback(to.host)
    return isFar
      ? [diagnose(RELAY_KINDS.clearTarget, { to: printHostAndPort(to.host, to.port) })]
      : []
  }
  return isOpenToNetwork(place) ? [diagnose(ENDPOINT_KINDS.clearText, { address: place })] : []
}

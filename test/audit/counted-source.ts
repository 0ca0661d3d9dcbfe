/** Connections of a test for an audit, and how many there were. */
import type { TransportSource } from '../../src/audit/connection/transport.ts'

export function countedSource(open: TransportSource['open']): TransportSource {
  let connections = 0
  return {
    get connections() {
      return connections
    },
    open: (claim) => {
      connections++
      return open(claim)
    },
  }
}

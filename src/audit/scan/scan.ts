/** Audits one server, and gives what was learnt as plain data. */
import { fail } from '../../diagnostics/diagnostic.ts'
import { printAddress } from '../../net/address.ts'
import { Connections, type ConnectionsOptions } from '../connection/connections.ts'
import type { ScanResult } from '../model.ts'
import { ProbedServer } from '../probes/probe.ts'
import { AUDIT_KINDS } from './audit-diagnostics.ts'
import { scanTls } from './scan-tls.ts'
import type { AuditTarget } from './target.ts'

/** @throws DiagnosticError AUDIT_UNREACHABLE where there was no connection at all. */
export async function scan(
  { text, scheme, address, serverName }: AuditTarget,
  options: ConnectionsOptions,
): Promise<ScanResult> {
  const connections = new Connections(options)
  const tls = await scanTls(new ProbedServer(connections, serverName))
  const { unreachable } = connections
  if (unreachable !== undefined && !connections.wasReached) {
    fail(AUDIT_KINDS.unreachable, { target: text, reason: unreachable })
  }
  return {
    target: {
      text,
      protocol: scheme,
      address: printAddress(address),
      serverName: serverName ?? null,
    },
    connections: connections.count,
    tls,
  }
}

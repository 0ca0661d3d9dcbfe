/** Audits one server, and gives what was learnt as plain data. */
import { fail } from '../../diagnostics/diagnostic.ts'
import { printAddress } from '../../net/address.ts'
import { Connections, type ConnectionsOptions } from '../connection/connections.ts'
import { UpgradeRefused } from '../connection/failure.ts'
import { PAUSES } from '../connection/patient-connections.ts'
import { ProbedServer } from '../probes/probe.ts'
import type { ScanResult } from '../scan-result.ts'
import { scanSsh } from '../ssh/scan-ssh.ts'
import { upgradeOf } from '../upgrades/all-upgrades.ts'
import type { Upgrade } from '../upgrades/upgrade.ts'
import { AUDIT_KINDS } from './audit-diagnostics.ts'
import { attemptClearText, judgeClearText } from './clear-text.ts'
import { scanTls } from './scan-tls.ts'
import { SSH_SCHEME } from './schemes.ts'
import type { AuditTarget } from './target.ts'

/** What is learnt by one protocol. */
type Learnt = Pick<ScanResult, 'tls' | 'ssh' | 'clearText'>

/** @throws DiagnosticError AUDIT_UNREACHABLE where there was no connection at all. */
export async function scan(target: AuditTarget, options: ConnectionsOptions): Promise<ScanResult> {
  const { text, scheme } = target
  const connections = new Connections(options)
  const learnt =
    scheme === SSH_SCHEME
      ? await scanSshServer(connections)
      : await scanTlsServer(target, connections)
  const { unreachable } = connections
  if (unreachable !== undefined && !connections.wasReached) {
    fail(AUDIT_KINDS.unreachable, { target: text, reason: unreachable })
  }
  return {
    target: describeTarget(target),
    connections: connections.count,
    ...learnt,
  }
}

export function describeTarget({
  text,
  scheme,
  address,
  serverName,
}: AuditTarget): ScanResult['target'] {
  return { text, protocol: scheme, address: printAddress(address), serverName: serverName ?? null }
}

async function scanSshServer(connections: Connections): Promise<Learnt> {
  const ssh = await scanSsh((claim, converse) => connections.ask(claim, converse))
  return { tls: null, ssh, clearText: null }
}

/** @param connections Those without an upgrade: what is said in clear goes over them. */
async function scanTlsServer(target: AuditTarget, connections: Connections): Promise<Learnt> {
  const upgrade = upgradeOf(target.scheme)
  const attempt = upgrade && (await attemptClearText(upgrade, connections, named(target)))
  const prelude = upgrade && preludeOf(upgrade, target)
  const secured = prelude ? connections.withPrelude(prelude) : connections
  const server = new ProbedServer(secured, target.serverName, PAUSES, upgrade)
  const tls = await scanTls(server)
  const clearText = upgrade && attempt && (await judgeClearText(upgrade, attempt, server, tls))
  return { tls, ssh: null, clearText: clearText ?? null }
}

function preludeOf(upgrade: Upgrade, target: AuditTarget): ConnectionsOptions['prelude'] {
  return async (exchange) => {
    const result = await upgrade.begin(exchange, named(target))
    if (result.kind === 'refused') throw new UpgradeRefused(`begins no TLS: ${result.said}`)
  }
}

/** Some protocols have the client name the host that it wants. */
function named({ serverName, address }: AuditTarget): { readonly host: string } {
  return { host: serverName ?? (address.kind === 'tcp' ? address.host : '') }
}

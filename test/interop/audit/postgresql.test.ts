/** PostgreSQL under several pg_hba.conf: clear text is refused where TLS makes the difference to a user, and only there. */
import { expect } from 'vitest'
import { DEFAULT_LIMITS, DialedSource } from '../../../src/audit/connection/dialed-source.ts'
import { scan } from '../../../src/audit/scan/scan.ts'
import type { ClearText } from '../../../src/audit/upgrades/upgrade.ts'
import { testWith } from '../../peers/peer.ts'
import { PostgresqlCluster } from '../convert/servers/postgresql-cluster.ts'

/** Again as long as the server says that it is starting. */
async function clearTextAt(port: number): Promise<ClearText | null> {
  const address = { kind: 'tcp', host: '127.0.0.1', port } as const
  // What is known of suites and groups is not judged here.
  const limits = { ...DEFAULT_LIMITS, connecting: 60_000, silence: 60_000, duration: 120_000 }
  const source = new DialedSource(address, limits)
  const target = { text: 'x', scheme: 'postgresql', address, serverName: undefined }
  const { clearText } = await scan(target, { source, seed: Buffer.alloc(32) })
  return clearText?.said.startsWith('57P03') ? clearTextAt(port) : clearText
}

/** The words of pg_hba.conf, and what becomes of the clear text of users whom no line names. */
const CASES: readonly [readonly string[], ClearText['kind']][] = [
  [['hostssl all all all scram-sha-256'], 'refused'],
  [['hostnossl all all all reject', 'host all all all trust'], 'refused'],
  // Another user comes in in clear.
  [['host all other all trust'], 'unknown'],
]

const SUITES = "ssl_ciphers = 'ECDHE-RSA-AES128-GCM-SHA256'\n"

testWith(
  'pg_ctlcluster',
  'refuses clear text to a user whom it takes within TLS',
  async () => {
    const cluster = await PostgresqlCluster.make()
    for (const [lines, kind] of CASES) {
      await cluster.restart(SUITES, 'rsa-2048', lines)
      expect([lines, await clearTextAt(cluster.port)]).toMatchObject([lines, { kind }])
    }
  },
  240_000,
)

/** PostgreSQL with converted settings: it takes them, and its server negotiates nothing else. */
import { testWith } from '../../../peers/peer.ts'
import { type Probe, probePostgresql } from '../../../tls/prober/probe-server.ts'
import { judgeServers, type ServerSettings } from './judge-server.ts'
import { PostgresqlCluster } from './postgresql-cluster.ts'

// It starts a process for each connection, so that fewer cases are tried.
testWith(
  'pg_ctlcluster',
  'servers of PostgreSQL negotiate what is allowed, told and claimed',
  () => judgeServers('postgresql', startPostgresql, { hasOneKey: true, withStrings: false }),
  600_000,
)

/** One cluster, whose server is started anew for each text when that is asked for the first time. */
async function startPostgresql(settings: readonly ServerSettings[]) {
  const cluster = await PostgresqlCluster.make()
  return settings.map((one): Probe => {
    let isStarted = false
    return async (offer) => {
      if (!isStarted) await cluster.restart(one.text, one.keys[0] ?? 'rsa-2048')
      isStarted = true
      return probePostgresql(cluster.port)(offer)
    }
  })
}

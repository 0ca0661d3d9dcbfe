/** PostgreSQL with converted settings: it takes them, and its server negotiates nothing else. */
import { once } from 'node:events'
import { appendFileSync, chownSync, globSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ChildProcess, spawn, spawnSync } from '../../../peers/child-process.ts'
import { testWith } from '../../../peers/peer.ts'
import { freePort } from '../../../peers/port.ts'
import { type Probe, probePostgresql } from '../../../tls/prober/probe-server.ts'
import { judgeServers, type ServerSettings } from './judge-server.ts'
import { testFolder, waitFor, writeIdentity } from './server-process.ts'

// It starts a process for each connection, so that fewer cases are tried.
testWith(
  'pg_ctlcluster',
  'servers of PostgreSQL negotiate what is allowed, told and claimed',
  () => judgeServers('postgresql', startPostgresql, { hasOneKey: true, withStrings: false }),
  600_000,
)

/** One cluster, whose server is started anew for each text when that is asked for the first time. */
async function startPostgresql(settings: readonly ServerSettings[]) {
  const cluster = await Cluster.make()
  return settings.map((one): Probe => {
    let isStarted = false
    return async (offer) => {
      if (!isStarted) await cluster.restart(one)
      isStarted = true
      return probePostgresql(cluster.port)(offer)
    }
  })
}

const PROGRAMS = globSync('/usr/lib/postgresql/*/bin').toSorted().at(-1) ?? ''

/** It refuses to work for root. */
const USER =
  process.geteuid?.() === 0
    ? { uid: Number(spawnSync('id', ['-u', 'postgres'], { encoding: 'utf8' }).stdout) }
    : {}

class Cluster {
  readonly port: number
  readonly #folder: string
  #server: ChildProcess | undefined

  private constructor(folder: string, port: number) {
    this.#folder = folder
    this.port = port
  }

  static async make(): Promise<Cluster> {
    const folder = testFolder()
    give(folder)
    const program = join(PROGRAMS, 'initdb')
    const { status, stderr } = spawnSync(program, ['-N', '-D', folder, '-A', 'trust'], {
      ...USER,
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(stderr)
    const cluster = new Cluster(folder, await freePort())
    appendFileSync(join(folder, 'postgresql.conf'), cluster.#configuration())
    return cluster
  }

  #configuration(): string {
    return `listen_addresses = '127.0.0.1'
port = ${this.port}
unix_socket_directories = ''
shared_buffers = 1MB
ssl = on
include 'identity.config'
include 'snippet.config'
`
  }

  async restart({ text, keys: [kind = 'rsa-2048'] }: ServerSettings): Promise<void> {
    await this.#stop()
    const path = writeIdentity(this.#folder, kind)
    give(path)
    writeFileSync(join(this.#folder, 'snippet.config'), text)
    const files = `ssl_cert_file = '${path}'\nssl_key_file = '${path}'\n`
    writeFileSync(join(this.#folder, 'identity.config'), files)
    const program = join(PROGRAMS, 'postgres')
    this.#server = spawn(program, ['-D', this.#folder, '-F'], { ...USER, stdio: 'ignore' })
    await waitFor(this.port, this.#server)
  }

  async #stop(): Promise<void> {
    if (!this.#server || this.#server.exitCode !== null) return
    const ended = once(this.#server, 'exit')
    // At once: nothing of it is to be kept.
    this.#server.kill('SIGQUIT')
    await ended
  }
}

function give(path: string): void {
  if (USER.uid !== undefined) chownSync(path, USER.uid, statSync(path).gid)
}

/** A cluster of PostgreSQL on a port of its own, whose server is started anew for other settings. */
import { once } from 'node:events'
import { appendFileSync, chownSync, globSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ChildProcess, spawn, spawnSync } from '../../../peers/child-process.ts'
import { freePort } from '../../../peers/port.ts'
import type { KeyKind } from '../../../tls/certificates.ts'
import { testFolder, waitFor, writeIdentity } from './server-process.ts'

const PROGRAMS = globSync('/usr/lib/postgresql/*/bin').toSorted().at(-1) ?? ''

/** It refuses to work for root. */
const USER =
  process.geteuid?.() === 0
    ? { uid: Number(spawnSync('id', ['-u', 'postgres'], { encoding: 'utf8' }).stdout) }
    : {}

export class PostgresqlCluster {
  readonly port: number
  readonly #folder: string
  #server: ChildProcess | undefined

  private constructor(folder: string, port: number) {
    this.#folder = folder
    this.port = port
  }

  static async make(): Promise<PostgresqlCluster> {
    const folder = testFolder()
    give(folder)
    const program = join(PROGRAMS, 'initdb')
    const { status, stderr } = spawnSync(program, ['-N', '-D', folder, '-A', 'trust'], {
      ...USER,
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(stderr)
    const cluster = new PostgresqlCluster(folder, await freePort())
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

  /** @param lines Those of pg_hba.conf; without them every user is let in. */
  async restart(settings: string, kind: KeyKind, lines?: readonly string[]): Promise<void> {
    await this.#stop()
    if (lines) writeFileSync(join(this.#folder, 'pg_hba.conf'), `${lines.join('\n')}\n`)
    const path = writeIdentity(this.#folder, kind)
    give(path)
    writeFileSync(join(this.#folder, 'snippet.config'), settings)
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

/**
 * Servers that take fewer clients than a copy has connections. The time limit of every copy is so
 * long that one which waits for more connections never ends.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { NbdUri } from '../../../src/nbd/client/nbd-uri.ts'
import { parseNbdUri } from '../../../src/nbd/client/nbd-uri.ts'
import { run, scratchFolder } from '../../cli/command.ts'
import { hasPeer } from '../../peers/peer.ts'
import { makeX509Folder } from '../nbd-credentials.ts'
import { startNbdkit, startQemuNbd } from '../nbd-servers.ts'
import { serveNbd } from '../our-server.ts'

const SIZE = 6 << 20
const PKI = ['--object', 'tls-creds-x509,id=tls0,endpoint=server,verify-peer=off']

type Start = (disk: string, pki: string | undefined) => Promise<NbdUri>

function securing(pki: string | undefined): readonly string[] {
  return pki === undefined ? [] : [PKI[0] ?? '', `${PKI[1]},dir=${pki}`, '--tls-creds', 'tls0']
}

function locate(socket: string, pki: string | undefined): NbdUri {
  const tls = pki === undefined ? '' : `&tls-certificates=${pki}&tls-hostname=localhost`
  return parseNbdUri(`${pki === undefined ? 'nbd' : 'nbds'}+unix:///?socket=${socket}${tls}`)
}

const qemu =
  (clients: number): Start =>
  async (disk, pki) => {
    const server = await startQemuNbd(disk, ['-e', `${clients}`, ...securing(pki)])
    return locate(socketOf(server.uri()), pki)
  }

const nbdkit =
  (clients: number): Start =>
  async (disk, pki) => {
    const tls = pki === undefined ? [] : ['--tls=require', `--tls-certificates=${pki}`]
    const filter = ['--filter=limit', ...tls, 'file', disk, `limit=${clients}`]
    return locate(socketOf((await startNbdkit(filter)).uri()), pki)
  }

const ours =
  (clients: number): Start =>
  async (disk, pki) => {
    const server = await serveNbd(['-t', '--shared', `${clients}`, ...securing(pki), disk])
    return locate(server.socket, pki)
  }

function socketOf({ address }: NbdUri): string {
  if (address.kind !== 'unix') throw new Error('not on a Unix socket')
  return address.path
}

const SERVERS: readonly (readonly [string, string, 'clear' | 'TLS', Start])[] = [
  ['qemu-nbd', '-e 1', 'clear', qemu(1)],
  ['qemu-nbd', '-e 2', 'TLS', qemu(2)],
  ['qemu-nbd', '-e 3', 'clear', qemu(3)],
  ['nbdkit', 'limit=1', 'clear', nbdkit(1)],
  ['nbdkit', 'limit=2', 'TLS', nbdkit(2)],
  ['sh', 'nbd serve --shared 1', 'TLS', ours(1)],
  ['sh', 'nbd serve --shared 2', 'clear', ours(2)],
]

const FOUND = SERVERS.filter(([program]) => hasPeer(program))

test.each(FOUND)('%s %s over %s: a copy in and a copy out end', async (...row) => {
  const [, , security, start] = row
  const folder = scratchFolder()
  const [source, disk, out] = ['source', 'disk', 'out'].map((name) => join(folder, name))
  writeFileSync(source ?? '', randomBytes(SIZE))
  writeFileSync(disk ?? '', Buffer.alloc(SIZE))
  const { text } = await start(disk ?? '', security === 'TLS' ? makeX509Folder() : undefined)
  for (const ends of [
    [source, text],
    [text, out],
  ]) {
    const args = ['nbd', 'copy', ...ends.map((end) => end ?? ''), '--timeout', '86400', '--verify']
    expect(run('cryptopolicy', args)).toMatchObject({ status: 0 })
  }
  expect(readFileSync(out ?? '').equals(readFileSync(source ?? ''))).toBe(true)
})

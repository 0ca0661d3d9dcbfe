import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Diagnostic } from '../../../src/diagnostics/diagnostic.ts'
import type { ClientTls } from '../../../src/endpoint/client-tls.ts'
import { parseNbdUri } from '../../../src/nbd/client/nbd-uri.ts'
import type { NbdClientOptions } from '../../../src/nbd/client/open-connection.ts'
import { ConnectionPool } from '../../../src/nbd/copy/connection-pool.ts'
import { MemoryStorage } from '../../../src/nbd/storage/memory-storage.ts'
import type { SocketAddress } from '../../../src/net/address.ts'
import { scratchFolder } from '../../cli/command.ts'
import { testWith } from '../../peers/peer.ts'
import { startHostileServer } from '../hostile-server.ts'
import { makeX509Folder, x509Credentials } from '../nbd-credentials.ts'
import { startQemuNbd } from '../nbd-servers.ts'
import { eventually, exportOf, startServer } from '../server/test-server.ts'
import { startTlsServer } from '../tls-server.ts'

const PATIENT = { timeout: 240_000 }

/** Never in time where it has to be waited for. */
const ENDLESS = { timeout: 2 ** 31 - 1 }

/** NBD_FLAG_HAS_FLAGS, SEND_FLUSH and CAN_MULTI_CONN. */
const SHARED = 0x1 | 0x4 | 0x100

const SCRIPT = { export: { size: 65_536, flags: SHARED } }

function open(path: string, options: NbdClientOptions = PATIENT): Promise<ConnectionPool> {
  return ConnectionPool.open(parseNbdUri(`nbd+unix:///?socket=${path}`), options)
}

function pathOf(address: SocketAddress): string {
  if (address.kind !== 'unix') throw new Error('not on a Unix socket')
  return address.path
}

/** Whether no more keeps the process alive than does now: sockets and timers. */
function resourcesAsNow(): () => boolean {
  const count = (type: string) =>
    process.getActiveResourcesInfo().filter((name) => name === type).length
  const types = ['PipeWrap', 'PipeConnectWrap', 'Timeout']
  const before = types.map(count)
  return () => types.every((type, index) => count(type) <= (before[index] ?? 0))
}

test('every connection has its turn, each as often as the others', async () => {
  const { path, server } = await startServer()
  const pool = await open(path)
  await pool.grow(3)
  expect(pool.size).toBe(3)
  const turns = Array.from({ length: 9 }, () => pool.next())
  expect(new Set(turns.slice(0, 3)).size).toBe(3)
  expect(turns.slice(3)).toEqual([...turns.slice(0, 3), ...turns.slice(0, 3)])
  expect(turns).toContain(pool.first)
  await pool.close()
  await eventually(() => server.connectionCount === 0)
})

test('one connection is all where the export does not say that several are safe', async () => {
  const storage = exportOf(new MemoryStorage(65_536), { isShared: false })
  const { path } = await startServer({ exports: [storage] })
  const pool = await open(path)
  await pool.grow(3)
  expect(pool.size).toBe(1)
  expect(pool.next()).toBe(pool.first)
  await pool.close()
})

testWith('qemu-nbd', 'a connection joins when another client has left', async () => {
  const disk = join(scratchFolder(), 'disk.raw')
  writeFileSync(disk, Buffer.alloc(65_536))
  const server = await startQemuNbd(disk, ['-e', '2'])
  const other = await open(pathOf(server.uri().address))
  const pool = await open(pathOf(server.uri().address), ENDLESS)
  pool.growMeanwhile(3)
  expect(pool.size).toBe(1)
  await other.close()
  await eventually(() => pool.size === 2)
  await pool.close()
})

test('a connection that is late is tried again', async () => {
  let connections = 0
  const { address } = await startHostileServer(() => {
    connections++
    return connections === 2 ? { ...SCRIPT, greeting: Buffer.alloc(0) } : SCRIPT
  })
  const pool = await open(pathOf(address))
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  pool.growMeanwhile(2)
  while (connections < 2) await pause(5)
  vi.advanceTimersByTime(PATIENT.timeout)
  while (pool.size < 2) await pause(5)
  expect(connections).toBe(3)
  vi.useRealTimers()
  await pool.close()
})

test('what is not there yet is given up when the work is done', async () => {
  const { address } = await startHostileServer((connection) =>
    connection === 1 ? SCRIPT : { ...SCRIPT, greeting: Buffer.alloc(0) },
  )
  const isGone = resourcesAsNow()
  const pool = await open(pathOf(address), ENDLESS)
  pool.growMeanwhile(4)
  await pool.close()
  await eventually(isGone)
})

test.each([
  ['another size', { export: { size: 131_072, flags: SHARED } }],
  ['another size', { export: { size: 32_768, flags: SHARED } }],
  ['other abilities', { export: { size: 65_536, flags: SHARED | 0x2 } }],
  ['another map', { ...SCRIPT, headers: 'simple' as const }],
])('a further connection to %s is told of and not used', async (words, script) => {
  const { address } = await startHostileServer((connection) => (connection === 1 ? SCRIPT : script))
  const warnings: Diagnostic[] = []
  const warn = (warning: Diagnostic) => void warnings.push(warning)
  const pool = await open(pathOf(address), { ...PATIENT, warn })
  await pool.grow(4)
  expect(pool.size).toBe(1)
  expect(warnings).toMatchObject([{ code: 'NBD_COPY_UNLIKE_CONNECTION' }])
  expect(warnings[0]?.message).toContain(words)
  await pool.close()
})

test('where the first connection has TLS, none goes on in clear, although TLS is optional', async () => {
  const folder = makeX509Folder()
  const address = await startTlsServer(folder, SCRIPT, 2)
  const tls = { mode: 'optional', credentials: x509Credentials(folder), hostname: 'localhost' }
  const pool = await open(pathOf(address), { ...PATIENT, tls: tls as ClientTls })
  await pool.grow(4)
  expect(pool.size).toBe(2)
  expect([pool.next(), pool.next()].every((client) => client.tls !== undefined)).toBe(true)
  await pool.close()
})

import { expect, test } from 'vitest'
import { parseNbdUri } from '../../../src/nbd/client/nbd-uri.ts'
import { ConnectionPool } from '../../../src/nbd/copy/connection-pool.ts'
import { MemoryStorage } from '../../../src/nbd/storage/memory-storage.ts'
import { eventually, exportOf, startServer, type TestServer } from '../server/test-server.ts'

const PATIENT = { timeout: 240_000 }

function open({ path }: TestServer, connections: number): Promise<ConnectionPool> {
  return ConnectionPool.open(parseNbdUri(`nbd+unix:///?socket=${path}`), connections, PATIENT)
}

test('every connection has its turn, each as often as the others', async () => {
  const server = await startServer()
  const pool = await open(server, 3)
  expect(pool.size).toBe(3)
  const turns = Array.from({ length: 9 }, () => pool.next())
  expect(new Set(turns.slice(0, 3)).size).toBe(3)
  expect(turns.slice(3)).toEqual([...turns.slice(0, 3), ...turns.slice(0, 3)])
  expect(turns).toContain(pool.first)
  await pool.close()
  await eventually(() => server.server.connectionCount === 0)
})

test('one connection is all where the export does not say that several are safe', async () => {
  const storage = exportOf(new MemoryStorage(65_536), { isShared: false })
  const server = await startServer({ exports: [storage] })
  const pool = await open(server, 3)
  expect(pool.size).toBe(1)
  expect(pool.next()).toBe(pool.first)
  await pool.close()
})

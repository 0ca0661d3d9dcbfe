/** Starts servers for tests: their keys, their ports, and when they are ready. */
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import type { ChildProcess } from '../../../peers/child-process.ts'
import { freePort } from '../../../peers/port.ts'
import { type KeyKind, makeIdentity } from '../../../tls/certificates.ts'

/** A folder that goes with the test. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cryptopolicy-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Writes the certificate and the key of a kind into one file; gives its path. */
export function writeIdentity(
  folder: string,
  kind: KeyKind,
  order: 'certificate first' | 'key first' = 'certificate first',
): string {
  const { certificate, key } = makeIdentity('localhost', kind)
  const path = join(folder, `${kind}.pem`)
  const text = order === 'key first' ? key + certificate : certificate + key
  writeFileSync(path, text, { mode: 0o600 })
  return path
}

export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = []
  while (ports.length < count) ports.push(await freePort())
  return ports
}

/** Waits until the port is open; a server that ended is no reason to wait on. */
export async function waitFor(port: number, server: ChildProcess): Promise<void> {
  while (server.exitCode === null) {
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return
    } catch {
      await sleep(20)
    } finally {
      socket.destroy()
    }
  }
  throw new Error(`${server.spawnfile} ended`)
}

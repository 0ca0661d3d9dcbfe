/** What goes over the network: full records of TLS, and nothing of the guest in clear. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { scratchFolder } from '../../cli/command.ts'
import { credentialsOf, makeX509Folder } from '../../nbd/nbd-credentials.ts'
import { connectPlain, listenPlain, readAll } from './plain-ends.ts'
import { startRelay } from './relay-process.ts'

const RECORD_HEADER = 5
const APPLICATION_DATA = 23

/** The most that a record holds, RFC 8446, section 5.1. */
const FULL = 16_384

/** Between the two relays: passes bytes on, and keeps those of the source. */
async function tap(port: number): Promise<{ port: number; kept: Buffer[] }> {
  const kept: Buffer[] = []
  const server = createServer((client) => {
    const relay = connect(port, '127.0.0.1')
    client.on('data', (bytes) => kept.push(bytes as Buffer)).on('error', () => {})
    client
      .pipe(relay)
      .on('error', () => {})
      .pipe(client)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { port: (server.address() as AddressInfo).port, kept }
}

/** Lengths of the records with data. */
function recordLengths(bytes: Buffer): readonly number[] {
  const lengths: number[] = []
  for (let at = 0; at + RECORD_HEADER <= bytes.length; ) {
    const length = bytes.readUInt16BE(at + 3)
    if (bytes[at] === APPLICATION_DATA) lengths.push(length)
    at += RECORD_HEADER + length
  }
  return lengths
}

test('the memory of a guest travels in full records, and never in clear', async () => {
  const folder = scratchFolder()
  const dir = makeX509Folder()
  const [entry, exit] = [join(folder, 'entry'), join(folder, 'exit')]
  const target = await listenPlain(exit)
  const there = await startRelay([
    ...['--listen', 'tcp:127.0.0.1:0', '--to', `unix:${exit}`],
    ...credentialsOf('x509', dir, 'server'),
  ])
  const wire = await tap(Number(/^ready: .*:(\d+)$/m.exec(there.log())?.[1]))
  await startRelay([
    ...['--listen', `unix:${entry}`, '--to', `tcp:127.0.0.1:${wire.port}`],
    ...credentialsOf('x509', dir, 'client'),
  ])
  const memory = Buffer.alloc(24 * 1_048_576, 'the memory of the guest ')
  const near = await connectPlain(entry)
  near.end(memory)
  const arrived = await readAll(await target.next())
  expect(arrived.equals(memory)).toBe(true)
  const bytes = Buffer.concat(wire.kept)
  expect(bytes.includes('memory of the guest')).toBe(false)
  const lengths = recordLengths(bytes)
  const inFull = lengths.filter((length) => length > FULL).length * FULL
  expect(inFull / memory.length).toBeGreaterThan(0.8)
})

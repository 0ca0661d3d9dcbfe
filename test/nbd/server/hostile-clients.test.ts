import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { NBD_CMD, NBD_OPT } from '../../../src/nbd/protocol/constants.ts'
import { encodeOption } from '../../../src/nbd/protocol/option-header.ts'
import { MemoryStorage } from '../../../src/nbd/storage/memory-storage.ts'
import { scratchFolder } from '../../cli/command.ts'
import { makeX509Folder } from '../nbd-credentials.ts'
import { descriptorCount, residentMemory, serveNbd } from '../our-server.ts'
import { RawClient } from './raw-client.ts'
import { RawTransmission, STYLES } from './raw-transmission.ts'
import { eventually, exportOf, startServer } from './test-server.ts'

const MIB = 1 << 20

describe.each(STYLES)('%s replies', (style) => {
  test('200 clients that ask for much and read nothing take little memory, with TLS too', async () => {
    const [image, dir] = [join(scratchFolder(), 'image'), makeX509Folder()]
    const content = randomBytes(32 * MIB)
    writeFileSync(image, content)
    const tls = `tls-creds-x509,id=tls0,endpoint=server,dir=${dir},verify-peer=off`
    const server = await serveNbd([
      ...[image, '-e', '0', '-t', '--quiet', '--object', tls],
      ...['--tls-creds', 'tls0', '--tls', 'optional'],
    ])
    const open = async (index: number) => {
      const client = await RawClient.greet(server.socket)
      if (index % 4 === 0) await client.startTls()
      await client.go(style)
      return new RawTransmission(client, style)
    }
    const clients = await Promise.all(Array.from({ length: 200 }, (_, index) => open(index)))
    for (const [index, transmission] of clients.entries()) {
      transmission.client.stream.pause()
      const length = index % 2 === 0 ? 32 * MIB : 65_536
      const call = { command: NBD_CMD.READ, length }
      transmission.client.send(...Array.from({ length: 100 }, () => transmission.encode(call)))
    }
    // It serves others meanwhile, and a client that reads again gets all.
    const other = await open(1)
    for (let count = 0; count < 200; count++) {
      const call = { command: NBD_CMD.READ, offset: count, length: 65_536 }
      expect((await other.call(call)).data.equals(content.subarray(count, count + 65_536))).toBe(
        true,
      )
    }
    expect(residentMemory(server.pid)).toBeLessThan(150)
    const late = clients[1]!
    late.client.stream.resume()
    expect((await late.readReplies(100)).size).toBe(100)
  })
})

test('10,000 clients that come and go at once leave nothing behind', async () => {
  const server = await serveNbd(['--memory', '1M', '-e', '0', '-t', '--quiet'])
  const knock = async (index: number) => {
    const socket = connect(server.socket)
    socket.on('error', () => {})
    await once(socket, 'connect')
    if (index % 3 === 0) socket.write(randomBytes(30))
    if (index % 3 === 1) socket.destroy()
    else socket.end()
    socket.resume()
    if (!socket.closed) await once(socket, 'close')
  }
  const knockOften = async (count: number) => {
    for (let done = 0; done < count; done += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, index) => knock(index)))
    }
  }
  await knockOften(2000)
  const before = { memory: residentMemory(server.pid), descriptors: descriptorCount(server.pid) }
  await knockOften(8000)
  await eventually(() => descriptorCount(server.pid) <= before.descriptors)
  expect(residentMemory(server.pid)).toBeLessThan(before.memory + 40)
  const client = await RawTransmission.open(server.socket, 'structured')
  expect(await client.error({ command: NBD_CMD.READ, length: 10 })).toBe(0)
})

test('who takes too long to negotiate is cut off, before TLS and within it', async () => {
  const { path, events, server } = await startServer({ tlsMode: 'optional', handshakeLimit: 3 })
  const slow = await RawClient.connect(path)
  // The flags and half of an option's header, at most: what is complete would be answered.
  const timer = setInterval(() => slow.send(Buffer.of(0)), 300)
  onTestFinished(() => clearInterval(timer))
  const silent = await RawClient.greet(path)
  silent.send(encodeOption(NBD_OPT.STARTTLS))
  const secured = await RawClient.greet(path)
  await secured.startTls()
  const served = await RawTransmission.open(path, 'simple')
  for (const client of [slow, silent, secured]) await client.readToEnd()
  await eventually(() => server.connectionCount === 1)
  const told = events.filter(({ event }) => event === 'refused')
  for (const event of told) {
    expect(event).toMatchObject({ diagnostics: [{ code: 'ENDPOINT_HANDSHAKE_TIME' }] })
  }
  expect(told.length).toBe(3)
  // After the negotiation a client may wait without end.
  expect(await served.error({ command: NBD_CMD.FLUSH })).toBe(0)
})

test('who says nothing for too long is cut off where that is asked for', async () => {
  const { path, events } = await startServer({ idleLimit: 2 })
  const transmission = await RawTransmission.open(path, 'structured')
  await transmission.call({ command: NBD_CMD.FLUSH })
  await transmission.client.readToEnd()
  await eventually(() => events.at(-1)?.event === 'refused')
  expect(events.at(-1)).toMatchObject({ diagnostics: [{ code: 'ENDPOINT_IDLE' }] })
})

test('a peer that never closes its side is closed', async () => {
  const { path, server } = await startServer()
  const socket = connect({ path, allowHalfOpen: true })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  const client = new RawClient(socket)
  await client.channel.read(18)
  client.send(Buffer.from('00000003', 'hex'))
  await client.go('simple')
  const transmission = new RawTransmission(client, 'simple')
  transmission.send({ command: NBD_CMD.DISC })
  await client.readToEnd()
  await eventually(() => server.connectionCount === 0)
})

test('clients beyond the limit wait, and are served in turn', async () => {
  const exports = [exportOf(new MemoryStorage(MIB))]
  const { path, server } = await startServer({ exports, connectionLimit: 1 })
  const first = await RawTransmission.open(path, 'simple')
  const waiting = [0, 1].map(() => RawTransmission.open(path, 'simple'))
  await first.call({ command: NBD_CMD.FLUSH })
  expect(server.connectionCount).toBe(1)
  first.send({ command: NBD_CMD.DISC })
  const second = await Promise.race(waiting)
  expect(await second.error({ command: NBD_CMD.FLUSH })).toBe(0)
  second.client.stream.destroy()
  for (const transmission of await Promise.all(waiting)) transmission.client.stream.destroy()
  await eventually(() => server.connectionCount === 0)
})

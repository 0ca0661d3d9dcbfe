/** Connections that are opened, or the reason why not; and how bytes are taken from them. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { type Duplex, duplexPair } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { SocketAddress } from '../../src/net/address.ts'
import { ByteChannel, ConnectionEnded } from '../../src/net/byte-channel.ts'
import { type DialOptions, dial } from '../../src/net/dial.ts'
import { scratchFolder } from '../cli/command.ts'
import { refusal } from '../diagnostic-code.ts'

const LONG = { timeout: 3_600_000 }

async function listen(kind: 'tcp' | 'unix', host = '127.0.0.1'): Promise<[Server, SocketAddress]> {
  const server = createServer({ allowHalfOpen: true })
  const path = join(scratchFolder(), 'socket')
  server.listen(kind === 'tcp' ? { host, port: 0 } : { path })
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  if (kind === 'unix') return [server, { kind, path }]
  return [server, { kind, host, port: (server.address() as AddressInfo).port }]
}

async function open(address: SocketAddress, options: DialOptions = LONG): Promise<Socket> {
  const socket = await dial(address, options)
  onTestFinished(() => void socket.destroy())
  return socket
}

describe('dial', () => {
  test.each(['tcp', 'unix'] as const)(
    'opens a connection over %s, and listens to it no longer',
    async (kind) => {
      const [server, address] = await listen(kind)
      const accepted = once(server, 'connection') as Promise<[Socket]>
      const gaveUp = new AbortController()
      const socket = await open(address, { ...LONG, signal: gaveUp.signal })
      const [far] = await accepted
      // What happens to it later is for its owner.
      gaveUp.abort()
      expect([socket.listenerCount('error'), socket.listenerCount('connect')]).toEqual([0, 0])
      far.end('hello')
      expect(String((await once(socket, 'data'))[0])).toBe('hello')
      await once(socket, 'end')
      await setImmediate()
      expect(socket.writable).toBe(false)
    },
  )

  test('leaves a connection half open where that is asked for', async () => {
    const [server, address] = await listen('tcp')
    const accepted = once(server, 'connection') as Promise<[Socket]>
    const socket = await open(address, { ...LONG, allowHalfOpen: true })
    const [far] = await accepted
    far.end()
    socket.resume()
    await once(socket, 'end')
    socket.end('said at last')
    expect(String((await once(far, 'data'))[0])).toBe('said at last')
  })

  test('uses the one family of addresses', async () => {
    const [, address] = await listen('tcp', '::')
    const named = { ...address, host: 'localhost' } as SocketAddress
    expect((await open(named, { ...LONG, family: 4 })).remoteFamily).toBe('IPv4')
    // Not every host has an address of this name in the other family.
    const other = await open(named, { ...LONG, family: 6 }).catch(() => undefined)
    expect([undefined, 'IPv6']).toContain(other?.remoteFamily)
  })

  test('says that no server is there', async () => {
    const path = join(scratchFolder(), 'nothing')
    const dialling = dial({ kind: 'unix', path }, LONG)
    await expect(dialling).rejects.toThrow(refusal('NET_UNREACHABLE'))
    await expect(dialling).rejects.toThrow(path)
  })

  test('is given up before and while it waits', async () => {
    const [, address] = await listen('tcp')
    await expect(dial(address, { ...LONG, signal: AbortSignal.abort() })).rejects.toThrow(
      refusal('NET_GIVEN_UP'),
    )
    const gaveUp = new AbortController()
    const dialling = dial(address, { ...LONG, signal: gaveUp.signal })
    gaveUp.abort()
    await expect(dialling).rejects.toThrow(refusal('NET_GIVEN_UP'))
  })

  test('is over when its time is, and closes what comes after that', async () => {
    const [server, address] = await listen('tcp')
    // Timers come before connections in a turn of the event loop, and this one is due in the next.
    await setImmediate()
    const dialling = dial(address, { timeout: 1 })
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
    await expect(dialling).rejects.toThrow(refusal('NET_TIMED_OUT'))
    await expect(dialling).rejects.toThrow('0.001')
    const number = () =>
      new Promise((resolve) => server.getConnections((_, count) => resolve(count)))
    while ((await number()) !== 0) await setImmediate()
  })
})

function channelPair(): { channel: ByteChannel; far: Duplex } {
  const [near, far] = duplexPair()
  return { channel: new ByteChannel(near), far }
}

describe('a byte channel', () => {
  test('gives exactly so many bytes, in whatever parts they come', async () => {
    const { channel, far } = channelPair()
    expect(await channel.read(0)).toEqual(Buffer.alloc(0))
    const reading = channel.read(5)
    far.write('ab')
    await setImmediate()
    far.write('cdefg')
    expect(String(await reading)).toBe('abcde')
    expect(channel.hasUnreadBytes).toBe(true)
    expect(String(await channel.read(2))).toBe('fg')
    expect(channel.hasUnreadBytes).toBe(false)
  })

  test('tells that the connection ended, where bytes are missing', async () => {
    const { channel, far } = channelPair()
    expect(channel.isOpen).toBe(true)
    far.end('abc')
    expect(String(await channel.read(2))).toBe('ab')
    const error = await channel.read(2).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ConnectionEnded)
    expect((error as Error).cause).toBeUndefined()
    expect(channel.isOpen).toBe(false)
    await expect(channel.read(2)).rejects.toThrow(ConnectionEnded)
    await expect(channel.read(0)).resolves.toHaveLength(0)
  })

  test('tells what broke the connection first', async () => {
    const { channel } = channelPair()
    const reading = channel.read(1)
    const broken = new Error('reset')
    channel.stream.destroy(broken)
    await expect(reading).rejects.toMatchObject({ name: 'ConnectionEnded', cause: broken })
    channel.stream.emit('error', new Error('another'))
    await expect(channel.read(1)).rejects.toMatchObject({ cause: broken })
  })

  test('waits until the peer reads what was written, or leaves', async () => {
    const { channel, far } = channelPair()
    await channel.write(Buffer.from('few'))
    let isDone = false
    const many = Buffer.alloc(1_000_000)
    const writing = channel.write(many).then(() => {
      isDone = true
    })
    await setImmediate()
    expect(isDone).toBe(false)
    far.resume()
    await writing
    far.pause()
    const last = channel.write(many)
    await setImmediate()
    channel.stream.destroy()
    await last
    expect(channel.isOpen).toBe(false)
  })

  test('throws away what has arrived, and tells an end behind it', async () => {
    const { channel, far } = channelPair()
    far.write('old')
    await setImmediate()
    await channel.discard()
    expect(channel.hasUnreadBytes).toBe(false)
    far.write('new')
    expect(String(await channel.read(3))).toBe('new')
    far.end('more')
    await setImmediate()
    await expect(channel.discard()).rejects.toThrow(ConnectionEnded)
  })

  test('goes on over another stream, and forgets the one before', async () => {
    const { channel, far } = channelPair()
    const [other, otherFar] = duplexPair()
    const before = channel.stream
    const session = await channel.replace(async (stream) => {
      expect(stream).toBe(before)
      return { socket: other, name: 'session' }
    })
    expect(session.name).toBe('session')
    expect(channel.stream).toBe(other)
    for (const event of ['readable', 'drain', 'error']) expect(before.listenerCount(event)).toBe(0)
    far.end()
    before.resume()
    await once(before, 'end')
    expect(channel.isOpen).toBe(true)
    const reading = channel.read(3)
    otherFar.write('new')
    expect(String(await reading)).toBe('new')
    otherFar.end()
    await expect(channel.read(1)).rejects.toThrow(ConnectionEnded)
  })

  test('hands its stream over with what it holds unread', async () => {
    const { channel, far } = channelPair()
    const counts = (stream: Duplex) =>
      ['readable', 'drain', 'end', 'close', 'error'].map((event) => stream.listenerCount(event))
    const before = counts(duplexPair()[0])
    far.write('unread')
    await setImmediate()
    const stream = channel.release()
    expect(counts(stream)).toEqual(before)
    expect(String(stream.read())).toBe('unread')
    far.end()
    stream.resume()
    await once(stream, 'end')
    expect(channel.isOpen).toBe(true)
  })
})

/** What a session receives reaches its taker: every byte, in order, whichever way Node delivers it. */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type Duplex, PassThrough } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { canReadIntoOneBuffer, takeReceivedBytes } from '../../src/tls/received-bytes.ts'
import { makeX509Folder, x509Credentials } from '../nbd/nbd-credentials.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { objectsOf } from './objects/meeting.ts'

/** Both sides of a connection in clear, of which nothing is read yet. */
async function openConnection() {
  const server = createServer({ pauseOnConnect: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const sender = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [receiver] = await accepted
  return { receiver, sender }
}

/** Both sides of a session over a connection that was there before it. */
async function openSession() {
  const dir = makeX509Folder()
  const definition = `tls-creds-x509,id=tls0,endpoint=server,dir=${dir},verify-peer=on`
  const credentials = objectsOf(definition).credentials('tls0', 'server')
  const { receiver, sender } = await openConnection()
  const [there, here] = await Promise.all([
    credentials.accept(receiver),
    x509Credentials(dir).connect(sender, { hostname: 'localhost' }),
  ])
  onTestFinished(() => void [there.socket, here.socket].map((each) => each.destroy()))
  return { receiver: there.socket, sender: here.socket }
}

/** All that a stream brings until its end. */
async function takeText(stream: Duplex): Promise<string> {
  let text = ''
  takeReceivedBytes(stream, (bytes) => {
    text += bytes
  })
  stream.resume()
  await once(stream, 'end')
  return text
}

test('this Node reads a session into one buffer', async () => {
  const { receiver } = await openSession()
  expect(canReadIntoOneBuffer(receiver)).toBe(true)
  takeReceivedBytes(receiver, () => {})
  expect(canReadIntoOneBuffer(receiver)).toBe(false)
})

test.each([1, 100, 16_384, 300_000])(
  'writes of %i bytes arrive whole and in order',
  async (size) => {
    const { receiver, sender } = await openSession()
    const [sent, received] = [createHash('sha256'), createHash('sha256')]
    const buffers = new Set<ArrayBufferLike>()
    let length = 0
    takeReceivedBytes(receiver, (bytes) => {
      received.update(bytes)
      buffers.add(bytes.buffer)
      length += bytes.length
      // A slow reader stops the peer now and then.
      if (length % 7 !== 0) return
      receiver.pause()
      setImmediate(() => receiver.resume())
    })
    receiver.resume()
    const count = Math.min(200, Math.ceil(3_000_000 / size))
    for (let index = 0; index < count; index++) {
      const bytes = randomBytes(size)
      sent.update(bytes)
      if (!sender.write(bytes)) await once(sender, 'drain')
    }
    sender.end()
    await once(receiver, 'end')
    expect(length).toBe(size * count)
    expect(received.digest('hex')).toBe(sent.digest('hex'))
    expect(buffers.size).toBe(1)
  },
)

test('a socket in clear is read the same way', async () => {
  const { receiver, sender } = await openConnection()
  expect(canReadIntoOneBuffer(receiver)).toBe(true)
  const [sent, received] = [createHash('sha256'), createHash('sha256')]
  takeReceivedBytes(receiver, (bytes) => void received.update(bytes))
  receiver.resume()
  for (let count = 0; count < 20; count++) {
    const bytes = randomBytes(100_000)
    sent.update(bytes)
    sender.write(bytes)
  }
  sender.end()
  await once(receiver, 'end')
  expect(received.digest('hex')).toBe(sent.digest('hex'))
})

test('what was received before comes first', async () => {
  const { receiver, sender } = await openSession()
  sender.write('first ')
  receiver.on('readable', () => {})
  await eventually(() => receiver.readableLength > 0)
  receiver.removeAllListeners('readable')
  const text = takeText(receiver)
  sender.end('second')
  expect(await text).toBe('first second')
})

test('nothing is handed over after the end was asked for', async () => {
  const { receiver, sender } = await openSession()
  let length = 0
  const stop = takeReceivedBytes(receiver, (bytes) => {
    length += bytes.length
    stop()
  })
  receiver.resume()
  sender.write('x')
  await eventually(() => length === 1)
  sender.end('y')
  await once(receiver, 'end')
  expect(length).toBe(1)
})

test('other streams bring their bytes by events', async () => {
  const stream = new PassThrough()
  expect(canReadIntoOneBuffer(stream)).toBe(false)
  stream.write('first ')
  const text = takeText(stream)
  stream.end('second')
  expect(await text).toBe('first second')
})

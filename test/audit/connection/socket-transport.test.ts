/** What one question writes to its socket. */
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { SocketTransport } from '../../../src/audit/connection/socket-transport.ts'

/** A transport, and what was written together each time. */
function openTransport() {
  const written: string[] = []
  const socket = new Duplex({
    read() {},
    writev: (chunks, done) => {
      written.push(Buffer.concat(chunks.map(({ chunk }) => chunk)).toString())
      done()
    },
  })
  const limits = { silence: 60_000, duration: 60_000, bytes: 100 }
  return { written, transport: new SocketTransport(socket as Socket, limits) }
}

test('messages of one turn go out together, later ones on their own', async () => {
  const { written, transport } = openTransport()
  transport.send(Buffer.from('certificate, '))
  await Promise.resolve()
  transport.send(Buffer.from('finished'))
  expect(written).toEqual([])
  await turn()
  expect(written).toEqual(['certificate, finished'])
  transport.send(Buffer.from('request'))
  await turn()
  expect(written).toEqual(['certificate, finished', 'request'])
})

test('what was sent before the close goes out', () => {
  const { written, transport } = openTransport()
  transport.send(Buffer.from('farewell'))
  transport.close()
  expect(written).toEqual(['farewell'])
})

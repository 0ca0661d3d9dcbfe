/** The last byte of all that is written to a connection of TLS is written apart: QEMU's GnuTLS is told of it then. */
import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import { endInOwnRecord } from '../../../src/chardev/socket/own-record.ts'

test('the last byte is written apart, and nothing else is cut', async () => {
  const written: string[] = []
  const connection = new Duplex({
    read: () => {},
    write: (bytes, _, done) => {
      written.push(String(bytes))
      setImmediate(done)
    },
  })
  const stream = endInOwnRecord(connection)
  for (const text of ['a', 'bc', 'defg']) {
    await new Promise((resolve) => stream.write(text, resolve))
  }
  expect(written).toEqual(['a', 'b', 'c', 'def', 'g'])
  connection.push('read')
  expect(String((await once(stream, 'data'))[0])).toBe('read')
})

test('a connection that breaks while nothing listens to it does no harm', async () => {
  const connection = new Duplex({ read: () => {}, write: (_bytes, _encoding, done) => done() })
  const stream = endInOwnRecord(connection)
  connection.destroy(new Error('broken'))
  await new Promise((resolve) => stream.once('close', resolve))
  expect(stream.errored).toMatchObject({ message: 'broken' })
})

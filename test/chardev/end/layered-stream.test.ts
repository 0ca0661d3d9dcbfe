/** A layer over a connection that has closed: what came before is still there to be read. */
import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import { LayeredStream } from '../../../src/chardev/end/layered-stream.ts'

const layerOver = (connection: Duplex) =>
  new LayeredStream(connection, { received: (bytes) => bytes, sent: (bytes) => [bytes] })

function connectionThatSays(...parts: readonly (string | null)[]): Duplex {
  const connection = new Duplex({ read: () => {}, write: (_bytes, _encoding, done) => done() })
  for (const part of parts) connection.push(part)
  return connection
}

async function readToEnd(layer: Duplex): Promise<string> {
  let text = ''
  layer.on('data', (part) => (text += part))
  await Promise.all([once(layer, 'end'), once(layer, 'close')])
  return text
}

test('a slow reader gets all that was said before the connection closed', async () => {
  const connection = connectionThatSays('first ', 'last', null)
  const layer = layerOver(connection)
  layer.end()
  layer.read(0)
  await once(connection, 'close')
  expect(await readToEnd(layer)).toBe('first last')
})

test('so it does where the other direction was cut', async () => {
  const connection = connectionThatSays('first ', 'last', null)
  const layer = layerOver(connection)
  layer.read(0)
  await once(connection, 'end')
  connection.destroy()
  await once(connection, 'close')
  expect(await readToEnd(layer)).toBe('first last')
})

test('a connection that closes before its end breaks its layer', async () => {
  const connection = connectionThatSays('first')
  const layer = layerOver(connection)
  connection.destroy()
  await once(layer, 'close')
  expect(layer.readableEnded).toBe(false)
})

test('a layer that is destroyed destroys its connection', async () => {
  const connection = connectionThatSays()
  layerOver(connection).destroy()
  await once(connection, 'close')
  expect(connection.destroyed).toBe(true)
})

/** Telnet as RFC 854 has it: what is a command, what is data, and which questions are answered. */
import { once } from 'node:events'
import { type Duplex, duplexPair } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { speakTelnet } from '../../../src/chardev/socket/telnet.ts'
import { eventually } from '../../nbd/server/test-server.ts'

/** All that comes of a stream, as hexadecimal digits. */
function hear(stream: Duplex): () => string {
  let heard = ''
  stream.on('data', (bytes: Buffer) => {
    heard += bytes.toString('hex')
  })
  return () => heard
}

function start(isServer = false) {
  const [connection, peer] = duplexPair()
  const stream = speakTelnet(connection, isServer)
  onTestFinished(() => void stream.destroy())
  return { stream, peer, data: hear(stream), answers: hear(peer) }
}

const SAID = [
  ['data', '6162', '6162', ''],
  ['a doubled 255', '61ffff62', '61ff62', ''],
  ['a command of two bytes', '61fff162', '6162', ''],
  ['DO of what is not here', '61fffd1862', '6162', 'fffc18'],
  ['WILL of what is not here', '61fffb1862', '6162', 'fffe18'],
  ['WONT and DONT', '61fffc18fffe1862', '6162', ''],
  ['what either side may turn on', 'fffd00fffd01fffd03fffb00fffb01fffb0361', '61', ''],
  [
    'each question is answered once',
    'fffd18fffd18fffb18fffb18fffd1961',
    '61',
    'fffc18fffe18fffc19',
  ],
  ['an option 255', '61fffdff62', '6162', 'fffcff'],
  ['a subnegotiation', '61fffa180161fff062', '6162', ''],
  ['a doubled 255 within it', '61fffa18ffff61fff062', '6162', ''],
  ['a doubled 255 before its end', '61fffa18fffffff062', '6162', ''],
  ['the end of one that has not begun', '61fff062', '6162', ''],
] as const

test.each(SAID)('%s', async (_, said, data, answers) => {
  const bytes = Buffer.from(said, 'hex')
  for (const pieces of [[bytes], [...bytes].map((byte) => Buffer.from([byte]))]) {
    const telnet = start()
    for (const piece of pieces) telnet.peer.write(piece)
    await eventually(() => telnet.data().length >= data.length)
    await eventually(() => telnet.answers().length >= answers.length)
    telnet.peer.end()
    await once(telnet.stream, 'end')
    expect([telnet.data(), telnet.answers()]).toEqual([data, answers])
  }
})

test('a byte 255 that is sent is doubled, and a client begins with no offer', async () => {
  const { stream, answers } = start()
  stream.write(Buffer.from('ff61ffff62', 'hex'))
  stream.write(Buffer.from('63', 'hex'))
  await eventually(() => answers().length >= 18)
  expect(answers()).toBe('ffff61ffffffff6263')
})

test('a server begins with its offer', async () => {
  const { stream, answers } = start(true)
  stream.write('a')
  await eventually(() => answers().endsWith('61'))
  // WILL ECHO, WILL SUPPRESS-GO-AHEAD, WILL BINARY, DO BINARY.
  expect(answers()).toBe('fffb01fffb03fffb00fffd0061')
})

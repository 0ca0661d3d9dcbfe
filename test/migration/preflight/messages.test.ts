/** Messages of a preflight at their bounds, what is kept for strangers, and what is advised. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { duplexPair } from 'node:stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import { advisedChannels } from '../../../src/migration/preflight/advised-channels.ts'
import {
  checkClientHello,
  checkRateResult,
  checkServerHello,
  checkServerVerdict,
} from '../../../src/migration/preflight/hello.ts'
import { readMessage, writeMessage } from '../../../src/migration/preflight/message.ts'
import { isListening, QuestionResponder } from '../../../src/migration/preflight/question.ts'
import type { Rate } from '../../../src/migration/preflight/rate.ts'
import { RateTickets } from '../../../src/migration/preflight/rate-tickets.ts'
import { RefusedHandshakes } from '../../../src/migration/preflight/refused-handshakes.ts'
import { ByteChannel } from '../../../src/net/byte-channel.ts'
import { ProtocolError } from '../../../src/wire/protocol-error.ts'

/** `CPPF`, a length in 32 bits, and text. */
function framed(text: string, length = Buffer.byteLength(text), magic = 'CPPF'): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(length)
  return Buffer.concat([Buffer.from(magic), head, Buffer.from(text)])
}

function read<Message>(bytes: Buffer, check: (value: unknown, name: string) => Message) {
  const [far, near] = duplexPair()
  far.end(bytes)
  return readMessage(new ByteChannel(near), check)
}

const anything = (value: unknown) => value

describe('a message', () => {
  test('is read as it is written', async () => {
    const [far, near] = duplexPair()
    await writeMessage(new ByteChannel(far), { a: 'é' })
    far.end()
    const bytes = Buffer.concat(await near.toArray())
    expect(bytes).toEqual(framed('{"a":"é"}'))
    expect(await read(bytes, anything)).toEqual({ a: 'é' })
  })

  test('has 128 KiB at most', async () => {
    const text = (length: number) => JSON.stringify('x'.repeat(length - 2))
    expect(await read(framed(text(131_072)), anything)).toHaveLength(131_070)
    await expect(read(framed('', 131_073), anything)).rejects.toThrow(
      'a message of 131073 bytes; 131072 are allowed',
    )
  })

  test.each<[string, Buffer]>([
    ['of another protocol', framed('{}', 2, 'HTTP')],
    ['that is no JSON', framed('{')],
    ['of another shape', framed('{"version":1}')],
  ])('%s is refused', async (_, bytes) => {
    await expect(read(bytes, checkClientHello)).rejects.toThrow(ProtocolError)
  })

  test('that is cut ends with the connection', async () => {
    await expect(read(framed('{}', 3), anything)).rejects.toThrow('the connection ended')
  })
})

describe('what both sides say is checked', () => {
  const nonce = '0123456789abcdef0123456789abcdef'
  const offered = {
    ...{ priority: 'NORMAL', origin: 'file', versions: ['a'], suites: [], groups: [] },
    signatureSchemes: [],
  }
  const client = { version: 1, purpose: 'check', nonce, tls: true }
  const server = { version: 1, time: 0, tls: false, refusals: [] }
  const passes = (check: (value: unknown, name: string) => unknown, value: unknown) => {
    try {
      check(value, 'the message')
      return true
    } catch {
      return false
    }
  }

  test.each<[object, boolean]>([
    [client, true],
    [{ ...client, offered, ticket: nonce }, true],
    [{ ...client, version: 0 }, false],
    [{ ...client, version: 1.5 }, false],
    [{ ...client, purpose: 'other' }, false],
    [{ ...client, nonce: nonce.slice(1) }, false],
    [{ ...client, nonce: `${nonce}0` }, false],
    [{ ...client, nonce: nonce.toUpperCase() }, false],
    [{ ...client, tls: 1 }, false],
    [{ ...client, ticket: '' }, false],
    [{ ...client, offered: { ...offered, suites: [1] } }, false],
    [{ ...client, offered: { ...offered, priority: undefined } }, false],
  ])('a client: %j', (value, isTaken) => {
    expect(passes(checkClientHello, value)).toBe(isTaken)
  })

  test.each<[object, boolean]>([
    [server, true],
    [{ ...server, offered }, true],
    [{ ...server, time: -1 }, false],
    [{ ...server, refusals: [1] }, false],
    [{ ...server, tls: undefined }, false],
  ])('a server: %j', (value, isTaken) => {
    expect(passes(checkServerHello, value)).toBe(isTaken)
  })

  test.each<[object, boolean]>([
    [{ refusals: [] }, true],
    [{ refusals: [{ code: 'X', message: 'm' }], username: 'u', rateTicket: nonce }, true],
    [{ refusals: [{ code: 'X' }] }, false],
    [{ refusals: [], distinguishedName: 1 }, false],
    [{ refusals: [], rateTicket: 'x' }, false],
    [{}, false],
  ])('a verdict: %j', (value, isTaken) => {
    expect(passes(checkServerVerdict, value)).toBe(isTaken)
  })

  test('a rate: whole numbers from 0', () => {
    const values = [0, 1, -1, 0.5, '1'].map((bytes) =>
      passes(checkRateResult, { bytes, cpuTime: 0 }),
    )
    expect(values).toEqual([true, true, false, false, false])
  })
})

describe('what is kept for strangers', () => {
  test('a ticket is good once, and the oldest of more than 256 is forgotten', () => {
    const tickets = new RateTickets()
    const issued = Array.from({ length: 257 }, () => tickets.issue())
    expect(new Set(issued).size).toBe(257)
    expect(issued[0]).toMatch(/^[0-9a-f]{32}$/)
    const [first, second] = issued
    expect(
      [first, second, second, issued[256], undefined, 'x'].map((one) => tickets.redeem(one)),
    ).toEqual([...[false, true, false, true, false, false]])
  })

  test('why a handshake was refused is told once', () => {
    const refused = new RefusedHandshakes()
    const because = { code: 'X', severity: 'error', fault: 'usage', message: 'm' } as const
    for (let at = 0; at < 257; at++) refused.add(`${at}`, [{ ...because, hint: 'h' }, because])
    const told = [
      { code: 'X', message: 'm', hint: 'h' },
      { code: 'X', message: 'm' },
    ]
    expect(refused.take('0')).toEqual([])
    expect(refused.take('1')).toEqual(told)
    expect(refused.take('1')).toEqual([])
    expect(refused.take('256')).toEqual(told)
  })
})

test.each<
  [readonly (readonly [channels: number, bytes: number, seconds: number])[], number | undefined]
>([
  [[], undefined],
  [[[2, 100, 1]], undefined],
  [
    [
      [2, 100, 1],
      [2, 200, 1],
    ],
    undefined,
  ],
  [
    [
      [1, 100, 1],
      [2, 200, 1],
    ],
    2,
  ],
  [
    [
      [1, 190, 1],
      [2, 400, 2],
    ],
    1,
  ],
  [
    [
      [1, 189, 1],
      [2, 400, 2],
    ],
    2,
  ],
  [
    [
      [4, 100, 1],
      [1, 100, 1],
      [2, 50, 1],
    ],
    1,
  ],
])('of %j so many channels are advised: %s', (measured, channels) => {
  const rates = measured.map(([number, bytes, seconds]) => ({ channels: number, bytes, seconds }))
  expect(advisedChannels(rates as unknown as readonly Rate[])).toBe(channels)
})

describe('a question by UDP', () => {
  /** Of this process, and silent. */
  const bindSocket = async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1')
    await once(socket, 'listening')
    return socket
  }

  test('is answered with as many bytes, and nothing else is', async () => {
    const free = await bindSocket()
    const { port } = free.address()
    free.close()
    await once(free, 'close')
    const responder = await QuestionResponder.listen('127.0.0.1', port)
    onTestFinished(() => responder.close())
    expect(await isListening({ address: '127.0.0.1', port }, 60_000)).toBe(true)
    const socket = await bindSocket()
    onTestFinished(() => void socket.close())
    const nonce = Buffer.alloc(16, 7)
    const question = Buffer.concat([Buffer.from('cryptopolicy preflight?'), nonce])
    const sent = [Buffer.alloc(0), Buffer.from('x'), question.subarray(1), question.subarray(0, -1)]
    for (const message of [...sent, question]) socket.send(message, port, '127.0.0.1')
    const [answer] = await once(socket, 'message')
    expect(answer).toEqual(Buffer.concat([Buffer.from('cryptopolicy preflight!'), nonce]))
  })

  test('that nothing answers is given up', async () => {
    const socket = await bindSocket()
    onTestFinished(() => void socket.close())
    const { port } = socket.address()
    expect(await isListening({ address: '127.0.0.1', port }, 1)).toBe(false)
  })
})

/** What may answer a request, at each bound, and what becomes of the request then. */
import { describe, expect, test } from 'vitest'
import { PendingRequest } from '../../../src/nbd/client/pending-request.ts'
import { ProtocolError } from '../../../src/wire/protocol-error.ts'

/** Numbers of the protocol: commands and kinds of chunks. */
const [READ, WRITE, BLOCK_STATUS] = [0, 1, 7]
const [NONE, DATA, HOLE, STATUS, STATUS_EXT] = [0, 1, 2, 5, 6]
const [ERROR, ERROR_OFFSET, UNKNOWN_ERROR] = [0x8001, 0x8002, 0xffff]

const CONTEXT = 7

function pending(command: number, length = 100, offset = 1000) {
  const target = Buffer.alloc(length, 0xaa)
  const request = new PendingRequest({
    ...{ command, offset, length, resolve: () => {}, reject: () => {}, contextId: CONTEXT },
    ...(command === READ && { target }),
  })
  return { request, target }
}

/** The longest block status: fields, and 2^20 extents of 16 bytes. */
const LONGEST = 8 + 2 ** 20 * 16

test.each([
  [READ, NONE, 0, true],
  [READ, NONE, 1, false],
  [READ, DATA, 8, false],
  [READ, DATA, 9, true],
  [READ, DATA, 108, true],
  [READ, DATA, 109, false],
  [READ, HOLE, 11, false],
  [READ, HOLE, 12, true],
  [READ, HOLE, 13, false],
  [READ, STATUS, 12, false],
  [READ, STATUS_EXT, 24, false],
  [READ, 3, 12, false],
  // A number, the length of a text, an offset, and a text of 4096 bytes.
  [READ, ERROR, 4110, true],
  [READ, ERROR, 4111, false],
  [READ, ERROR_OFFSET, 4110, true],
  [READ, UNKNOWN_ERROR, 4110, true],
  [READ, UNKNOWN_ERROR, 4111, false],
  [WRITE, NONE, 0, true],
  [WRITE, ERROR, 6, true],
  [WRITE, DATA, 9, false],
  [WRITE, HOLE, 12, false],
  [WRITE, STATUS, 12, false],
  [BLOCK_STATUS, STATUS, 12, true],
  [BLOCK_STATUS, STATUS, LONGEST, true],
  [BLOCK_STATUS, STATUS, LONGEST + 1, false],
  [BLOCK_STATUS, STATUS_EXT, LONGEST, true],
  [BLOCK_STATUS, STATUS_EXT, LONGEST + 1, false],
  [BLOCK_STATUS, 7, 12, false],
  [BLOCK_STATUS, DATA, 9, false],
  [BLOCK_STATUS, HOLE, 12, false],
])('command %d may be answered by chunk %d of %d bytes: %s', (command, type, length, isFine) => {
  const check = () => pending(command).request.checkChunk(type, length)
  if (isFine) expect(check).not.toThrow()
  else expect(check).toThrow(ProtocolError)
})

test.each([
  [WRITE, 100, NONE, 32],
  [READ, 0, NONE, 32],
  [READ, 100, DATA, 33],
  [READ, 512, DATA, 33],
  [READ, 513, DATA, 34],
  [READ, 2 ** 21, DATA, 32 + 4096],
  [BLOCK_STATUS, 2 ** 30, STATUS, 32],
  [READ, 2 ** 21, ERROR, 16],
  [WRITE, 100, UNKNOWN_ERROR, 16],
])('an answer to command %d about %d bytes has of chunk %d so many: %d', (...given) => {
  const [command, length, type, count] = given
  const { request } = pending(command, length)
  const size = { [NONE]: 0, [DATA]: 9, [STATUS]: 12 }[type] ?? 6
  for (let done = 0; done < count; done++) request.checkChunk(type, size)
  expect(() => request.checkChunk(type, size)).toThrow(ProtocolError)
})

describe('data', () => {
  test('goes where it belongs, each byte once', () => {
    const { request, target } = pending(READ)
    request.placeData(1010, 90).fill('b')
    request.placeData(1000, 10).fill('a')
    expect(`${target}`).toBe('a'.repeat(10) + 'b'.repeat(90))
    expect(() => request.placeData(1000, 1)).toThrow('twice')
    expect(() => request.placeData(999, 1)).toThrow(ProtocolError)
    expect(() => request.placeData(1099, 2)).toThrow(ProtocolError)
    request.complete()
  })

  test('of a hole is zero', () => {
    const { request, target } = pending(READ)
    const hole = Buffer.from('00000000000003e800000064', 'hex')
    request.takePayload(HOLE, hole)
    expect(target.equals(Buffer.alloc(100))).toBe(true)
    request.complete()
  })

  test('that is missing is noticed, unless the request has failed', () => {
    for (const command of [READ, BLOCK_STATUS]) {
      const { request } = pending(command)
      expect(() => request.complete()).toThrow(ProtocolError)
      request.failure = { error: 5, text: '' }
      request.complete()
    }
    pending(WRITE).request.complete()
    pending(READ, 0).request.complete()
  })

  test('is not taken for a request that has no place for it', () => {
    expect(() => pending(WRITE).request.placeData(1000, 1)).toThrow('data that was not asked for')
  })
})

describe('an error', () => {
  const chunk = (error: number, text: string, end = '') =>
    Buffer.concat([
      Buffer.from([0, 0, 0, error, 0, text.length]),
      ...[Buffer.from(text), Buffer.from(end, 'hex')],
    ])

  test.each([
    [ERROR, chunk(28, 'full'), { error: 28, text: 'full' }],
    [ERROR_OFFSET, chunk(5, 'bad', '00000000000003e8'), { error: 5, text: 'bad' }],
    [UNKNOWN_ERROR, Buffer.from('x'), { error: 22, text: '' }],
  ])('of kind %d is told with its words', (type, payload, failure) => {
    const { request } = pending(READ)
    request.takePayload(type, payload)
    expect(request.failure).toEqual(failure)
    // The first one says why.
    request.takePayload(ERROR, chunk(1, 'later'))
    request.takePayload(UNKNOWN_ERROR, Buffer.alloc(0))
    expect(request.failure).toEqual(failure)
    request.complete()
  })

  test('is as long as it says', () => {
    const { request } = pending(READ)
    expect(() => request.takePayload(ERROR, chunk(5, 'x', '00'))).toThrow(ProtocolError)
    expect(() => request.takePayload(ERROR_OFFSET, chunk(5, 'x'))).toThrow(ProtocolError)
    expect(() => request.takePayload(ERROR, chunk(0, 'x'))).toThrow(ProtocolError)
  })
})

describe('block status', () => {
  const status = (context: number) => Buffer.from([0, 0, 0, context, 0, 0, 0, 5, 0, 0, 0, 3])
  const extended = Buffer.from('000000070000000100000000000000050000000000000003', 'hex')

  test.each([
    [STATUS, status(CONTEXT)],
    [STATUS_EXT, extended],
  ])('of kind %d comes once', (type, payload) => {
    const { request } = pending(BLOCK_STATUS)
    expect(request.extents).toBeUndefined()
    request.takePayload(type, payload)
    expect(request.extents).toEqual([{ length: 5, status: 3 }])
    request.complete()
    expect(() => request.takePayload(type, payload)).toThrow('block status twice')
  })

  test('of another context is none', () => {
    const { request } = pending(BLOCK_STATUS)
    expect(() => request.takePayload(STATUS, status(8))).toThrow('block status of context 8')
  })
})

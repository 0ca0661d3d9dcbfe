import { describe, expect, test } from 'vitest'
import { ProtocolError } from '../../../src/wire/protocol-error.ts'
import { fc } from '../../seed.ts'
import { MESSAGES } from './messages.ts'

const RUNS = { numRuns: 60 }

describe.each(Object.entries(MESSAGES))('%s', (_, { values, encode, decode }) => {
  test('is decoded to what was encoded', () => {
    const roundTrip = fc.property(values, (value) => {
      expect(decode(encode(value))).toEqual(value)
    })
    fc.assert(roundTrip, RUNS)
  })

  test('throws nothing but a protocol error for any bytes', () => {
    const noise = fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => decodes(bytes, decode))
    const mutated = fc.property(values, fc.nat(), fc.nat(255), (value, at, byte) => {
      const bytes = Buffer.from(encode(value))
      if (bytes.length > 0) bytes[at % bytes.length] = byte
      decodes(bytes, decode)
    })
    fc.assert(noise, RUNS)
    fc.assert(mutated, RUNS)
  })
})

const closed = Object.entries(MESSAGES).filter(([, { isOpen }]) => !isOpen)

test.each(closed)('%s is refused without its end, and with anything behind it', (_, message) => {
  const { values, encode, decode } = message
  const complete = fc.property(values, fc.nat(), (value, cut) => {
    const bytes = encode(value)
    expect(() => decode(bytes.subarray(0, cut % bytes.length))).toThrow(ProtocolError)
    expect(() => decode(Buffer.concat([bytes, Buffer.alloc(1)]))).toThrow(ProtocolError)
  })
  fc.assert(complete, RUNS)
})

function decodes(bytes: Uint8Array, decode: (bytes: Buffer) => unknown): void {
  try {
    decode(Buffer.from(bytes))
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError)
  }
}

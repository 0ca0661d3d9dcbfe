/** A call of OpenSSL is made on what is a context of it, where its functions are there; else nothing is done. */
import { createSecureContext, type SecureContext } from 'node:tls'
import { expect, test } from 'vitest'
import type { SharedLibrary } from '../../src/files/koffi.ts'
import { OpensslCall } from '../../src/tls/openssl-context.ts'
import { sendNoTickets } from '../../src/tls/openssl-tickets.ts'
import { limitVerification, omitVerification } from '../../src/tls/openssl-verification.ts'

const context = createSecureContext()

test('the functions are bound once, and called on the context of each', () => {
  const [bound, called]: [SharedLibrary[], bigint[]] = [[], []]
  let answer = true
  const call = new OpensslCall((library) => {
    bound.push(library)
    return (address) => {
      called.push(address)
      return answer
    }
  })
  expect(bound).toEqual([])
  expect(call.callOn(context)).toBe(true)
  answer = false
  expect(call.callOn(createSecureContext())).toBe(false)
  expect(bound).toHaveLength(1)
  expect(new Set(called).size).toBe(2)
  expect(called.every((address) => address > 0n)).toBe(true)
})

test.each<readonly [string, () => undefined]>([
  ['are missing', () => undefined],
  [
    'cannot be bound',
    () => {
      throw new Error('no such function')
    },
  ],
])('nothing is done where the functions %s', (_, bind) => {
  const call = new OpensslCall(bind)
  expect(call.callOn(context)).toBe(false)
  expect(call.callOn(context)).toBe(false)
})

test.each([{}, { context: {} }, { context: { _external: 'External: 1234' } }])(
  'nothing is done to %o, which is no context of OpenSSL',
  (other) => {
    const call = new OpensslCall(() => {
      return () => {
        throw new Error('it was called')
      }
    })
    for (const work of [sendNoTickets, limitVerification, omitVerification]) {
      expect(work(other as SecureContext)).toBe(false)
    }
    expect(call.callOn(other as SecureContext)).toBe(false)
  },
)

test('this Node.js can be told', () => {
  for (const work of [sendNoTickets, limitVerification, omitVerification]) {
    expect(work(createSecureContext())).toBe(true)
  }
})

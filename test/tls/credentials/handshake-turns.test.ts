import { Duplex } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { HandshakeTurns } from '../../../src/tls/credentials/handshake-turns.ts'

/** Longer than any test. */
const LONG = 3_600_000

function connectionFrom(remoteAddress?: string): Duplex {
  return Object.assign(new Duplex({ read() {}, write() {} }), { remoteAddress })
}

/** Fails as many handshakes of an address as have a turn. */
async function useUp(turns: HandshakeTurns, address?: string): Promise<void> {
  const fail = () => Promise.reject(new Error('refused'))
  const failures = Array.from({ length: 4 }, () => turns.run(connectionFrom(address), fail))
  const results = await Promise.allSettled(failures)
  expect(results.map(({ status }) => status)).toEqual(Array(4).fill('rejected'))
}

/** Whether the next handshake of an address begins. */
async function begins(turns: HandshakeTurns, address?: string): Promise<boolean> {
  let hasBegun = false
  const connection = connectionFrom(address)
  const run = turns.run(connection, async () => {
    hasBegun = true
  })
  await setImmediate()
  connection.destroy()
  await run
  return hasBegun
}

test('an address whose handshakes failed waits, and no other does', async () => {
  const turns = new HandshakeTurns(LONG)
  await useUp(turns, '192.0.2.1')
  expect(await begins(turns, '192.0.2.1')).toBe(false)
  expect(await begins(turns, '::ffff:192.0.2.1')).toBe(false)
  expect(await begins(turns, '192.0.2.2')).toBe(true)
  expect(await begins(turns)).toBe(true)
})

test('an IPv6 network of 64 bits counts as one address', async () => {
  const turns = new HandshakeTurns(LONG)
  await useUp(turns, '2001:db8:0:1::1')
  expect(await begins(turns, '2001:db8:0:1:ffff::2')).toBe(false)
  expect(await begins(turns, '2001:db8:0:2::1')).toBe(true)
})

test('failures are forgotten, and addresses with them', async () => {
  const turns = new HandshakeTurns(1)
  await useUp(turns, '192.0.2.1')
  await turns.run(connectionFrom('192.0.2.1'), async () => {})
  while (turns.addressCount > 0) await new Promise((resolve) => setTimeout(resolve, 1))
  expect(await begins(turns, '192.0.2.1')).toBe(true)
})

test('good handshakes give their turn to those that wait, in order', async () => {
  const turns = new HandshakeTurns(LONG)
  const begun: number[] = []
  const runs = Array.from({ length: 40 }, (_, number) =>
    turns.run(connectionFrom('192.0.2.1'), async () => {
      begun.push(number)
      await setImmediate()
      return number
    }),
  )
  expect(await Promise.all(runs)).toEqual(begun)
  expect(begun).toEqual(Array.from({ length: 40 }, (_, number) => number))
  expect(turns.addressCount).toBe(0)
})

test('a connection that closes while it waits leaves the line', async () => {
  const turns = new HandshakeTurns(LONG)
  const ends: (() => void)[] = []
  const wait = () => new Promise<void>((resolve) => void ends.push(resolve))
  const running = Array.from({ length: 4 }, () => turns.run(connectionFrom('192.0.2.1'), wait))
  const leaving = connectionFrom('192.0.2.1')
  const left = turns.run(leaving, () => Promise.reject(new Error('it has left')))
  const staying = turns.run(connectionFrom('192.0.2.1'), async () => 'stayed')
  leaving.destroy()
  expect(await left).toBe(undefined)
  for (const end of ends) end()
  await Promise.all(running)
  expect(await staying).toBe('stayed')
})

test('a good handshake forgets no failed one of its address', async () => {
  const turns = new HandshakeTurns(LONG)
  const address = '192.0.2.1'
  const fail = () => Promise.reject(new Error('refused'))
  for (let number = 0; number < 3; number++) {
    await expect(turns.run(connectionFrom(address), fail)).rejects.toThrow('refused')
    await turns.run(connectionFrom(address), async () => {})
  }
  expect(turns.addressCount).toBe(1)
  await expect(turns.run(connectionFrom(address), fail)).rejects.toThrow('refused')
  expect(await begins(turns, address)).toBe(false)
})

test('one that waits begins when the failure of another is forgotten', async () => {
  const turns = new HandshakeTurns(1)
  const fail = () => Promise.reject(new Error('refused'))
  const failing = Array.from({ length: 4 }, () => turns.run(connectionFrom('192.0.2.1'), fail))
  const waiting = turns.run(connectionFrom('192.0.2.1'), async () => 'begun')
  await Promise.allSettled(failing)
  expect(await waiting).toBe('begun')
})

test.each([
  // An address within a link, of which node:net tells the link.
  ['fe80::1%eth0', 'fe80::1%eth1', true],
  ['fe80::1%eth0', 'fe80::1%eth0', false],
  ['::ffff:192.0.2.1', '::ffff:192.0.2.2', true],
  ['::ffff:192.0.2.1', '::fffe:192.0.2.1', true],
  ['::1', '::2', false],
  ['2001:db8::1', '2001:db8:0:0:8000::', false],
  ['2001:db8::1', '2001:db8:0:1::1', true],
])('failures of %s let %s begin: %s', async (failing, other, expected) => {
  const turns = new HandshakeTurns(LONG)
  await useUp(turns, failing)
  expect(await begins(turns, other)).toBe(expected)
})

/** When a link of two sessions is over, and whose fault it is where it breaks. */
import { once } from 'node:events'
import { type Duplex, duplexPair } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { CHARDEV_KINDS } from '../../../src/chardev/chardev-diagnostics.ts'
import type { EndSession } from '../../../src/chardev/end/chardev-end.ts'
import { type Carried, carry } from '../../../src/chardev/link/carry.ts'
import { DiagnosticError, diagnose } from '../../../src/diagnostics/diagnostic.ts'

type Side = { readonly session: EndSession; readonly user: Duplex }

/** A session, and who is at its other side. */
function makeSide(place: string, more: Partial<EndSession> = {}): Side {
  const [stream, user] = duplexPair()
  for (const one of [stream, user]) one.on('error', () => {})
  onTestFinished(() => void stream.destroy())
  const finish = async () => {}
  const rules = { isStanding: false, canEnd: true, ...more }
  return { session: { stream, place, finish, ...rules }, user }
}

function start(near: Side, far: Side, carried: Carried = { sent: 0, received: 0 }) {
  const stop = new AbortController()
  let isOver = false
  const over = carry(near.session, far.session, carried, stop.signal).finally(() => {
    isOver = true
  })
  over.catch(() => {})
  return { over, isOver: () => isOver, carried, stop: () => stop.abort() }
}

/** All that it is told, to the end of that. */
async function hear(user: Duplex): Promise<string> {
  let text = ''
  user.on('data', (bytes) => (text += bytes))
  await once(user, 'end')
  return text
}

/** So long that what is to happen at once has happened. */
const soon = () => delay(50)

test('of two sessions, the end of one direction is passed on, and the other direction goes on', async () => {
  const [near, far] = [makeSide('near'), makeSide('far')]
  const { over, isOver, carried } = start(near, far)
  near.user.end('to the far one')
  expect(await hear(far.user)).toBe('to the far one')
  await soon()
  expect(isOver()).toBe(false)
  far.user.end('and back')
  expect(await hear(near.user)).toBe('and back')
  await over
  expect(carried).toEqual({ sent: 8, received: 14 })
})

test.each([true, false])(
  'a session with a terminal is over when its user has said all (terminal %j), and not before',
  async (isStanding) => {
    const near = makeSide('near')
    const far = makeSide('far', { isStanding, canEnd: false })
    const { over, isOver } = start(near, far)
    far.user.write('hello')
    expect(String((await once(near.user, 'data'))[0])).toBe('hello')
    expect(isOver()).toBe(false)
    near.user.end('bye')
    expect(await hear(far.user)).toBe('bye')
    if (isStanding) await over
    else {
      await soon()
      expect(isOver()).toBe(false)
      far.user.end()
      near.user.resume()
      await over
    }
  },
)

test('two that stand are over when both have said all', async () => {
  const near = makeSide('near', { isStanding: true })
  const far = makeSide('far', { isStanding: true, canEnd: false })
  const { over, isOver } = start(near, far)
  near.user.resume().end()
  await once(far.user.resume(), 'end')
  await soon()
  expect(isOver()).toBe(false)
  far.user.end()
  await over
})

test('standard input goes on for a peer that has said all, as long as more comes of it', async () => {
  const near = makeSide('near')
  const far = makeSide('far', { isStanding: true })
  let looks = 0
  const growing = { received: 0, sent: 0 }
  Object.defineProperty(growing, 'sent', { get: () => Math.min(++looks, 4), set: () => {} })
  const { over } = start(near, far, growing)
  far.user.resume()
  near.user.end()
  await over
  // A look at 1, then at 2; at 3, then at 4; from then on it stays.
  expect(looks).toBeGreaterThan(4)
})

test('standard input is not cut off while a peer that has said all has not taken it', async () => {
  const near = makeSide('near')
  const far = makeSide('far', { isStanding: true })
  const { over, isOver } = start(near, far)
  far.user.resume().write(Buffer.alloc(1_000_000))
  near.user.end()
  await delay(2_500)
  expect(isOver()).toBe(false)
  let taken = 0
  near.user.on('data', ({ length }: Buffer) => {
    taken += length
  })
  await over
  expect(taken).toBe(1_000_000)
})

test('what was read is still written when it is ended early', async () => {
  const [near, far] = [makeSide('near'), makeSide('far')]
  let stop = () => {}
  const carried = { sent: 0, received: 0 }
  Object.defineProperty(carried, 'received', { get: () => 0, set: () => stop() })
  const started = start(near, far, carried)
  stop = started.stop
  near.user.write('typed last')
  await started.over
  expect(String((await once(far.user, 'data'))[0])).toBe('typed last')
  expect(far.user.readableEnded).toBe(false)
})

test.each([
  ['near', 'it broke'],
  ['far', 'it broke'],
  ['near', 'it was closed before all was said'],
  ['far', 'it was closed before all was said'],
] as const)('where the %s one breaks, the loss is told of it: %s', async (which, reason) => {
  const sides = { near: makeSide('near'), far: makeSide('far') }
  const { over } = start(sides.near, sides.far)
  await soon()
  sides[which].session.stream.destroy(reason === 'it broke' ? new Error(reason) : undefined)
  await expect(over).rejects.toThrow(`the connection to ${which} broke: ${reason}`)
})

test.each(['near', 'far'] as const)(
  'where both break, the loss is told of the %s one that broke first',
  async (which) => {
    const sides = { near: makeSide('near'), far: makeSide('far') }
    const { over } = start(sides.near, sides.far)
    await soon()
    sides[which].session.stream.destroy(new Error('first'))
    sides[which === 'near' ? 'far' : 'near'].session.stream.destroy(new Error('second'))
    await expect(over).rejects.toThrow(`the connection to ${which} broke: first`)
  },
)

test('a loss that is described already is told as it is', async () => {
  const [near, far] = [makeSide('near'), makeSide('far')]
  const { over } = start(near, far)
  await soon()
  const told = new DiagnosticError([diagnose(CHARDEV_KINDS.absent, { id: 'x' })])
  near.session.stream.destroy(told)
  await expect(over).rejects.toBe(told)
})

test('one that was closed before the link began is told of', async () => {
  for (const which of ['near', 'far'] as const) {
    const sides = { near: makeSide('near'), far: makeSide('far') }
    sides[which].session.stream.destroy()
    const { over } = start(sides.near, sides.far)
    await expect(over).rejects.toThrow(`${which} broke: it was closed before all was said`)
  }
})

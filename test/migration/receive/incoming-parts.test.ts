/** What comes on a connection is given in parts, and no faster than its source reads its answers. */
import { duplexPair } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { IncomingParts } from '../../../src/migration/receive/incoming-parts.ts'

test('a source that does not read its answers is not read either, until it does', async () => {
  const [source, stream] = duplexPair()
  const parts = new IncomingParts(stream)
  stream.write(Buffer.alloc(65_537))
  for (let count = 0; count < 16; count++) source.write(Buffer.alloc(65_536))
  const next = parts.next()
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
  expect(source.writableLength).toBeGreaterThan(8 * 65_536)
  source.resume()
  let received = (await next)?.length ?? 0
  expect(received).toBeLessThan(8 * 65_536)
  while (received < 16 * 65_536) received += (await parts.next())?.length ?? 0
})

describe('the parts of a connection', () => {
  const connected = () => {
    const [source, stream] = duplexPair()
    return { source, stream, parts: new IncomingParts(stream) }
  }
  const someTurns = async () => {
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
  }

  test('have all bytes in their order, however large they come', async () => {
    const { source, parts } = connected()
    const sizes = [1, 100_000, 300_000, 500_000, 2, 262_144, 393_216, 393_217]
    const sent = Buffer.concat(sizes.map((size, at) => Buffer.alloc(size, at + 1)))
    let at = 0
    for (const size of sizes) {
      source.write(sent.subarray(at, at + size))
      at += size
    }
    source.end()
    const got: Buffer[] = []
    for (let part = await parts.next(); part; part = await parts.next()) got.push(Buffer.from(part))
    expect(Buffer.concat(got).equals(sent)).toBe(true)
    expect(await parts.next()).toBeUndefined()
    expect([parts.hasMore, parts.error]).toEqual([false, undefined])
  })

  test('stay as they are while the next one is gathered', async () => {
    const { source, parts } = connected()
    source.write('first')
    const first = await parts.next()
    expect(parts.hasMore).toBe(false)
    source.write('second')
    await expect.poll(() => parts.hasMore).toBe(true)
    expect(String(first)).toBe('first')
    expect(String(await parts.next())).toBe('second')
  })

  test('are not taken from the source beyond what is gathered', async () => {
    const { source, stream, parts } = connected()
    source.write('x')
    await parts.next()
    source.write(Buffer.alloc(262_143))
    await expect.poll(() => parts.hasMore).toBe(true)
    expect(stream.isPaused()).toBe(false)
    source.write('y')
    await expect.poll(() => stream.isPaused()).toBe(true)
    source.write('z')
    expect((await parts.next())?.length).toBe(262_144)
    expect(String(await parts.next())).toBe('z')
  })

  test.each([
    [65_536, true],
    [65_537, false],
  ])('are given with %i bytes of answers unread: %s', async (unread, isGiven) => {
    const { source, stream, parts } = connected()
    source.write('w')
    await parts.next()
    stream.write(Buffer.alloc(unread))
    source.write('x')
    await expect.poll(() => parts.hasMore).toBe(true)
    let given = ''
    const next = parts.next().then((part) => {
      given = String(part)
    })
    await someTurns()
    expect(given).toBe(isGiven ? 'x' : '')
    // What was said is heard all the same of a source that ends.
    source.end()
    await next
    expect(given).toBe('x')
  })

  test('end with what broke the connection, told once', async () => {
    const { stream, parts } = connected()
    const next = parts.next()
    stream.destroy(new Error('reset'))
    expect(await next).toBeUndefined()
    await parts.closed
    expect(parts.error?.message).toBe('reset')
  })
})

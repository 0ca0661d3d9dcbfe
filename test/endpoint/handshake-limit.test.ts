import { duplexPair } from 'node:stream'
import { expect, onTestFinished, test, vi } from 'vitest'
import { handshakeTimeout } from '../../src/endpoint/handshake-limit.ts'
import { findSecurity } from '../../src/endpoint/security.ts'
import { parseObject } from '../../src/tls/objects/parse-object.ts'
import { TlsObjects } from '../../src/tls/objects/tls-objects.ts'

/** 24 days: the longest time of a timer. */
const LONGEST = 2_147_483_647

test.each([
  [10, 10_000],
  [0.5, 500],
  [0, LONGEST],
])('a limit of %s seconds is one of %s milliseconds', (limit, timeout) => {
  expect(handshakeTimeout(limit)).toBe(timeout)
})

test('a handshake without a limit goes on when any other would be over', async () => {
  const objects = TlsObjects.create([parseObject('tls-creds-anon,id=tls0,endpoint=server')])
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  let isOver = false
  const handshakeOf = (handshakeLimit: number) => {
    const [connection] = duplexPair()
    const { secure } = findSecurity(objects, { credentials: 'tls0', handshakeLimit })
    return { connection, secured: secure(connection).finally(() => (isOver = true)) }
  }
  const limited = expect(handshakeOf(10).secured).rejects.toThrow('it was not done after 10 s')
  await vi.advanceTimersByTimeAsync(10_000)
  await limited
  isOver = false
  const { connection, secured } = handshakeOf(0)
  const broken = expect(secured).rejects.toThrow('the peer closed the connection')
  await vi.advanceTimersByTimeAsync(86_400_000)
  expect(isOver).toBe(false)
  connection.destroy()
  await broken
})

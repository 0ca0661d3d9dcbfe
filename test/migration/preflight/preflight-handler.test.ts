/** What a listener with credentials gives to clients, by what they ask for. */
import { once } from 'node:events'
import { duplexPair } from 'node:stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import { EndpointConnection } from '../../../src/endpoint/connection.ts'
import type { ConnectionEvent } from '../../../src/endpoint/connection-event.ts'
import {
  checkRateResult,
  checkServerHello,
  checkServerVerdict,
  type PreflightClientHello,
} from '../../../src/migration/preflight/hello.ts'
import { readMessage, writeMessage } from '../../../src/migration/preflight/message.ts'
import { PreflightHandler } from '../../../src/migration/preflight/preflight-handler.ts'
import { sendChunks } from '../../../src/migration/preflight/rate-stream.ts'
import { RateTickets } from '../../../src/migration/preflight/rate-tickets.ts'
import { RefusedHandshakes } from '../../../src/migration/preflight/refused-handshakes.ts'
import { ByteChannel } from '../../../src/net/byte-channel.ts'
import { NO_CONFIG } from '../../../src/priority/system-config.ts'

type Purpose = PreflightClientHello['purpose']

/** A client that was greeted; its TLS is played. */
async function greeted(
  purpose: Purpose,
  { tls = false, hasTicket = false, peer = { kind: 'anonymous' } as object } = {},
) {
  const [socket, client] = duplexPair()
  onTestFinished(() => void client.destroy())
  const tickets = new RateTickets()
  const ticket = hasTicket ? { ticket: tickets.issue() } : {}
  const handler = new PreflightHandler({
    security: {
      tlsMode: 'required',
      secure: async (stream: unknown) => ({ socket: stream, peer }),
    } as never,
    ...{ config: NO_CONFIG, refused: new RefusedHandshakes(), tickets, rateLimit: 240 },
  })
  const events: ConnectionEvent[] = []
  let timesLetIn = 0
  const context = {
    ...{ handshakeLimit: 0, idleLimit: 0, tell: (event: ConnectionEvent) => events.push(event) },
    letIn: async () => void timesLetIn++,
  }
  const origin = { connection: 1, from: 'there' }
  const over = new EndpointConnection(socket, origin, context, handler).run()
  const channel = new ByteChannel(client)
  await writeMessage(channel, { version: 1, purpose, nonce: '12'.repeat(16), tls, ...ticket })
  await readMessage(channel, checkServerHello)
  return { channel, over, events, timesLetIn: () => timesLetIn }
}

describe('a ticket for a rate in clear', () => {
  test.each<[Purpose, boolean, boolean]>([
    ['check', true, true],
    ['done', true, false],
    ['verdict', true, false],
    ['check', false, false],
    ['done', false, false],
    ['verdict', false, false],
  ])('for a client that says %s, over TLS (%s): %s', async (purpose, tls, isGiven) => {
    const { channel } = await greeted(purpose, { tls })
    const { rateTicket } = await readMessage(channel, checkServerVerdict)
    expect(rateTicket !== undefined).toBe(isGiven)
  })
})

test('a client learns by which name it is known', async () => {
  const verdictFor = async (peer: object) => {
    const { channel } = await greeted('check', { tls: true, peer })
    const { distinguishedName, username } = await readMessage(channel, checkServerVerdict)
    return [distinguishedName, username]
  }
  expect(await verdictFor({ kind: 'psk', username: 'host-a' })).toEqual([undefined, 'host-a'])
  expect(await verdictFor({ kind: 'x509', distinguishedName: 'CN=a' })).toEqual(['CN=a', undefined])
})

test('the listener ends the connection when all is said', async () => {
  const { channel, over } = await greeted('check')
  await readMessage(channel, checkServerVerdict)
  const { stream } = channel
  const ended = once(stream, 'end')
  stream.resume()
  await ended
  stream.end()
  await over
})

describe('a place among those who are served', () => {
  test('has a client whose rate is measured in clear', async () => {
    const { channel, over, events, timesLetIn } = await greeted('rate', { hasTicket: true })
    await sendChunks(channel, 0)
    expect(await readMessage(channel, checkRateResult)).toMatchObject({ bytes: 262_144 })
    channel.stream.end()
    await over
    expect(events.at(-1)).toMatchObject({ event: 'left', ending: 'measured' })
    expect(timesLetIn()).toBe(1)
  })

  test('has none whose connection breaks, and it is not told to be late', async () => {
    const { channel, over, events } = await greeted('rate', { hasTicket: true })
    channel.stream.destroy()
    await over
    expect(events.at(-1)).toMatchObject({ event: 'refused' })
    expect(JSON.stringify(events)).not.toContain('PREFLIGHT_RATE_TIME')
  })

  test.each<[Purpose, boolean, number]>([
    ['check', true, 1],
    ['verdict', false, 0],
    ['check', false, 0],
    ['done', false, 0],
  ])('has a client that says %s, over TLS (%s): %i', async (purpose, tls, times) => {
    const { channel, timesLetIn } = await greeted(purpose, { tls })
    await readMessage(channel, checkServerVerdict)
    expect(timesLetIn()).toBe(times)
  })
})

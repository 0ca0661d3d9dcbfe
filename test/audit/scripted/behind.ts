/** What a scripted server does behind a handshake, and how it ends connections. */
import { encodeAlert } from '../../../src/audit/messages/alert.ts'
import { type ClientHello, decodeClientHello } from '../../../src/audit/messages/client-hello.ts'
import { CONTENT_TYPES, HANDSHAKE } from '../../../src/audit/messages/iana-numbers.ts'
import { encodeSessionTicket } from '../../../src/audit/messages/new-session-ticket.ts'
import type { Reaction } from './script.ts'
import type { Side } from './side.ts'

/** The client reads what was sent before the end. */
export async function endBy({ channel, wire }: Side, how: Reaction): Promise<void> {
  if (how === 'silence') return listen(channel)
  if (Buffer.isBuffer(how)) wire.server.send(how)
  else if (typeof how === 'object') {
    const { alert: description, level = 2 } = how
    await channel.send(CONTENT_TYPES.alert, encodeAlert({ level, description }))
  }
  wire.end(how === 'reset' || how === 'too-much' ? how : 'closed')
}

async function listen(channel: Side['channel']): Promise<void> {
  for (;;) await channel.next()
}

/** What stands in place of the server's Finished. */
export async function doBeforeFinished(side: Side): Promise<boolean> {
  const { channel, script } = side
  const { beforeFinished } = script
  if (beforeFinished === undefined) return false
  if (beforeFinished === 'data') {
    await channel.send(CONTENT_TYPES.application_data, Buffer.of(1))
  } else if (beforeFinished === 'message') {
    await channel.sendHandshake({ type: HANDSHAKE.key_update, body: Buffer.of(0) })
  } else await endBy(side, beforeFinished)
  return true
}

const TICKET = Buffer.alloc(48, 3)

export async function sayBehind(
  side: Side,
  isNewer: boolean,
  onHello: (hello: ClientHello) => Promise<void>,
): Promise<void> {
  const { channel, script } = side
  let tickets = 0
  for (const step of script.behind ?? ['echo']) {
    if (step === 'ticket') {
      if (!isNewer) continue
      const body = encodeSessionTicket({
        ...{ lifetime: 7200 + tickets, ageAdd: 5, nonce: Buffer.of(tickets++), ticket: TICKET },
        extensions: (script.ticketExtensions ?? []).map((type) => ({
          type,
          data: Buffer.alloc(4, 1),
        })),
      })
      await channel.sendHandshake({ type: HANDSHAKE.new_session_ticket, body })
    } else if (step === 'data') {
      await channel.send(CONTENT_TYPES.application_data, Buffer.from('welcome'))
    } else if (step === 'garbage') side.wire.server.send(Buffer.alloc(64, 0x5a))
    else if (step === 'message') {
      await channel.sendHandshake({ type: HANDSHAKE.key_update, body: Buffer.of(0) })
    } else if (step === 'echo') return echo(side, onHello)
    else return endBy(side, step)
  }
  await listen(channel)
}

async function echo(side: Side, onHello: (hello: ClientHello) => Promise<void>): Promise<void> {
  const { channel, wire } = side
  for (;;) {
    channel.forgetTranscript()
    const incoming = await channel.next()
    if (incoming.kind === 'data')
      await channel.send(CONTENT_TYPES.application_data, incoming.payload)
    else if (incoming.kind === 'alert') return wire.end('closed')
    else if (incoming.message.type === HANDSHAKE.client_hello) {
      await onHello(decodeClientHello(incoming.message.body))
    }
  }
}

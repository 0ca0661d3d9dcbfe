/** What is said within TLS, as if it were in clear: lines and messages of the protocol that TLS carries. */
import type { ClearExchange } from '../connection/clear-exchange.ts'
import { ExchangeEnded } from '../connection/failure.ts'
import { CONTENT_TYPES } from '../messages/iana-numbers.ts'
import type { TlsChannel } from './tls-channel.ts'

/** @param channel One on which a handshake was finished. */
export function withinTls(channel: TlsChannel): ClearExchange {
  let unread = Buffer.alloc(0)
  return {
    random: (size) => channel.exchange.random(size),
    write: (bytes) => channel.send(CONTENT_TYPES.application_data, bytes),
    read: async (size) => {
      const parts: Buffer[] = [unread]
      for (let length = unread.length; length < size; length += parts.at(-1)?.length ?? 0) {
        parts.push(await nextData(channel))
      }
      if (parts.length > 1) unread = Buffer.concat(parts)
      const bytes = unread.subarray(0, size)
      unread = unread.subarray(size)
      return bytes
    },
  }
}

/** Tickets come among the data. @throws ExchangeEnded where an alert comes in place of it. */
async function nextData(channel: TlsChannel): Promise<Buffer> {
  for (;;) {
    const incoming = await channel.next()
    if (incoming.kind === 'data') return incoming.payload
    if (incoming.kind === 'alert') throw new ExchangeEnded('closed')
  }
}

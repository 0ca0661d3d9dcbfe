/**
 * A server of SSLv2 to TLS 1.3 in this process, whose behaviour is a table, and the audit of it. What it chooses is
 * by the RFCs; what a script adds is what servers do beside them. It waits for no clock.
 */
import { Connections } from '../../../src/audit/connection/connections.ts'
import { Exchange } from '../../../src/audit/connection/exchange.ts'
import { ExchangeEnded } from '../../../src/audit/connection/failure.ts'
import { Transcript } from '../../../src/audit/connection/transcript.ts'
import { TlsChannel } from '../../../src/audit/conversation/tls-channel.ts'
import { decodeClientHello } from '../../../src/audit/messages/client-hello.ts'
import { CONTENT_TYPES, VERSION } from '../../../src/audit/messages/iana-numbers.ts'
import { ProbedServer, type ProtocolWays } from '../../../src/audit/probes/probe.ts'
import { ByteReader } from '../../../src/wire/byte-reader.ts'
import { ByteWriter } from '../../../src/wire/byte-writer.ts'
import { endBy } from './behind.ts'
import { choose } from './choice.ts'
import { answerNewer } from './newer-side.ts'
import { answerOlder } from './older-side.ts'
import type { Heard, Script } from './script.ts'
import { Memory, protocolFor, type Side } from './side.ts'
import { Wire } from './wire.ts'

export type Scripted = {
  readonly server: ProbedServer
  /** Every ClientHello, in the order in which they came. */
  readonly heard: Heard[]
  /** What was asked, of SSLv2 too. */
  readonly claims: string[]
  /** How long the server was waited for, by claim. */
  readonly silences: ReadonlyMap<string, readonly number[]>
}

/** The audit of a server that does so; each call has a server of its own. */
export function scripted(
  script: Script,
  { isSmall = false, ...ways }: ProtocolWays & { readonly isSmall?: boolean } = {},
): Scripted {
  const memory = new Memory()
  const [heard, claims]: [Heard[], string[]] = [[], []]
  const silences = new Map<string, readonly number[]>()
  const source = {
    get connections() {
      return claims.length
    },
    open: async (claim: string) => {
      const wire = new Wire()
      claims.push(claim)
      silences.set(claim, wire.silences)
      void serve({ script, wire, memory }, claim, heard)
      return wire.client
    },
  }
  const connections = new Connections({ source, seed: Buffer.alloc(32, 3) })
  const server = new ProbedServer(connections, 'host.example', [0], ways, isSmall)
  return { server, heard, claims, silences }
}

async function serve(part: Omit<Side, 'channel'>, claim: string, heard: Heard[]): Promise<void> {
  const { wire } = part
  try {
    await answer(part, claim, heard)
    wire.end('closed')
  } catch (error) {
    if (error instanceof ExchangeEnded) wire.end('closed')
    else wire.fail(new Error(`the server at \`${claim}\``, { cause: error }))
  }
}

async function answer(part: Omit<Side, 'channel'>, claim: string, heard: Heard[]): Promise<void> {
  const { wire, script } = part
  const first = await wire.server.receive()
  if (typeof first === 'string') return
  if (first.readUInt8(0) !== CONTENT_TYPES.handshake) return answerSslv2(part, first)
  let left: Buffer | undefined = first
  const receive = async () => {
    const bytes = left ?? (await wire.server.receive())
    left = undefined
    return bytes
  }
  const exchange = new Exchange(
    { ...wire.server, receive },
    new Transcript(claim),
    Buffer.alloc(32, 4),
  )
  const side = { ...part, channel: new TlsChannel(exchange, first.readUInt16BE(1)) }
  const incoming = await side.channel.next()
  if (incoming.kind !== 'handshake') throw new Error('something else than a ClientHello')
  const hello = decodeClientHello(incoming.message.body)
  const one = { claim, hello, size: first.length - 5 }
  heard.push(one)
  const reaction = script.quirk?.(one)
  if (reaction !== undefined) return endBy(side, reaction)
  const chosen = choose(script, hello)
  if (typeof chosen === 'number') return endBy(side, { alert: chosen })
  if (chosen.version >= VERSION.TLS13) return answerNewer(side, hello, chosen)
  if (protocolFor(script, hello) === 'refused') return endBy(side, { alert: 120 })
  return answerOlder(side, hello, chosen)
}

/** draft-hickman-netscape-ssl-00 section 2.6. A server of later versions alone takes it for what is none of its records. */
async function answerSslv2({ script, wire }: Omit<Side, 'channel'>, record: Buffer): Promise<void> {
  const reader = new ByteReader(record, 'a CLIENT-HELLO of SSLv2')
  const header = reader.readUint16()
  const isHello = header === (0x8000 | reader.remaining) && reader.readUint8() === 1
  if (!isHello || reader.readUint16() !== 2) throw new Error('no CLIENT-HELLO of SSLv2')
  const [ciphersLength, idLength, challengeLength] = [
    ...[reader.readUint16(), reader.readUint16(), reader.readUint16()],
  ]
  const list = new ByteReader(reader.readBytes(ciphersLength ?? 0), 'ciphers')
  const offered: number[] = []
  while (list.remaining > 0) offered.push(list.readUint24())
  reader.readBytes((idLength ?? 0) + (challengeLength ?? 0))
  reader.end()
  const { toSslv2 } = script
  if (toSslv2 === 'silence') return void (await wire.server.receive())
  if (toSslv2 === 'reset') return wire.end('reset')
  if (toSslv2) return wire.server.send(toSslv2)
  if (!script.sslv2) return wire.end('closed')
  const common = script.sslv2.filter((cipher) => offered.includes(cipher))
  const body = new ByteWriter().uint8(4).uint8(0).uint8(1).uint16(2)
  body
    .uint16(3)
    .uint16(common.length * 3)
    .uint16(16)
    .bytes(Buffer.alloc(3, 0x30))
  for (const cipher of common) body.uint24(cipher)
  const message = body.bytes(Buffer.alloc(16, 9)).finish()
  wire.server.send(
    new ByteWriter()
      .uint16(0x8000 | message.length)
      .bytes(message)
      .finish(),
  )
}

/** Which protocols a server takes by ALPN (RFC 7301), of those that the registry has. */
import { ByteReader } from '../../wire/byte-reader.ts'
import { handshake13 } from '../conversation/handshake13.ts'
import { askHello } from '../conversation/server-flight.ts'
import { applicationProtocols, type Extensions, findExtension } from '../messages/extensions.ts'
import { EXTENSION, VERSION } from '../messages/iana-numbers.ts'
import { answerOf, type Enumeration } from '../model.ts'
import { ABSENT, refusedBy } from './answers.ts'
import { type Choice, enumerate, NOT_OFFERED } from './enumerate.ts'
import type { ProbedServer } from './probe.ts'

/** IANA's list of protocol IDs; newest of a family first. */
const PROTOCOLS = [
  ...['h2', 'http/1.1', 'http/1.0', 'http/0.9', 'h3', 'h2c', 'spdy/3', 'spdy/2', 'spdy/1'],
  ...['acme-tls/1', 'dot', 'doq', 'imap', 'pop3', 'managesieve', 'ftp', 'xmpp-client'],
  ...['xmpp-server', 'mqtt', 'postgresql', 'tds/8.0', 'irc', 'nntp', 'nnsp', 'coap', 'sip/2'],
  ...['smb', 'sunrpc', 'ntske/1', 'stun.turn', 'stun.nat-discovery', 'webrtc', 'c-webrtc'],
  ...['radius/1.0', 'radius/1.1', 'dicom', 'grpc-exp', 'smtp'],
] as const

/** How to come to an answer: with a share in TLS 1.3, or in clear before it. */
export type ProtocolQuestion = {
  readonly version: number
  readonly suites: readonly number[]
  /** Before TLS 1.3. */
  readonly groups: readonly number[]
  /** Of TLS 1.3. */
  readonly group: number | undefined
}

export async function probeProtocols(
  server: ProbedServer,
  question: ProtocolQuestion,
): Promise<Enumeration<string>> {
  const all = PROTOCOLS.map((_, index) => index)
  const ask = (offered: readonly number[], number: number) =>
    askProtocols(server, question, offered, number)
  const { items, order, end } = await enumerate(all, ask, { isOrderWanted: false })
  return { items: items.map((index) => PROTOCOLS[index] ?? ''), order, end }
}

async function askProtocols(
  server: ProbedServer,
  { version, suites, groups, group }: ProtocolQuestion,
  offered: readonly number[],
  number: number,
): Promise<Choice> {
  const { serverName, connections } = server
  const extra = [applicationProtocols(offered.map((index) => PROTOCOLS[index] ?? ''))]
  const offer = { version, suites, extra, serverName }
  const asked = await connections.ask(`ALPN #${number}`, async (exchange) => {
    if (version < VERSION.TLS13 || group === undefined) {
      const reply = await askHello(exchange, { ...offer, groups })
      return reply.kind === 'alert' ? reply : choiceIn(reply.flight.hello.extensions)
    }
    const reply = await handshake13(exchange, offer, group)
    if (reply.kind === 'alert') return reply
    return choiceIn(reply.kind === 'older' ? [] : reply.handshake.encryptedExtensions)
  })
  if (!asked.isAnswered) return { end: answerOf(asked.failure) }
  return 'kind' in asked.value ? { end: refusedBy(asked.value.alert) } : asked.value
}

function choiceIn(extensions: Extensions): Choice {
  const data = findExtension(extensions, EXTENSION.application_layer_protocol_negotiation)
  if (!data) return { end: ABSENT }
  const list = new ByteReader(data, 'the protocol of ALPN').readPart(2)
  const name = list.readVector(1).toString('latin1')
  list.end()
  const chosen = PROTOCOLS.indexOf(name as (typeof PROTOCOLS)[number])
  return chosen < 0 ? { end: NOT_OFFERED } : { chosen }
}

/** One handshake of TLS 1.3 is finished: that shows tickets, and whether a certificate is required. */
import { ProtocolError } from '../../wire/protocol-error.ts'
import { ExchangeEnded, failureOf } from '../connection/failure.ts'
import { type Finished13, finishHandshake13 } from '../conversation/finish13.ts'
import { type Handshake13, handshake13 } from '../conversation/handshake13.ts'
import { cheapestGroup } from '../key-schedule/key-pair.ts'
import { COMPUTABLE_SUITES } from '../key-schedule/tls13-protection.ts'
import { applicationProtocols, type TlsExtensions } from '../messages/extensions.ts'
import { VERSION } from '../messages/iana-numbers.ts'
import { answerOf } from '../model.ts'
import type { Choice } from './enumerate.ts'
import { APPLICATION_PROTOCOLS, chosenProtocol } from './offered-protocols.ts'
import type { ProbedServer } from './probe.ts'

/** How a handshake of TLS 1.3 is computed with a server. */
export type Way13 = { readonly suites: readonly number[]; readonly group: number }

/**
 * Undefined where Node.js cannot compute with the server.
 *
 * @param suites Those of TLS 1.3 that the server accepts.
 * @param groups Likewise.
 */
export function wayToCompute13(
  suites: readonly number[],
  groups: readonly number[],
): Way13 | undefined {
  const usable = suites.filter((suite) => COMPUTABLE_SUITES.includes(suite))
  const group = cheapestGroup(groups)
  return group === undefined || usable.length === 0 ? undefined : { suites: usable, group }
}

/**
 * A question of its own: the server is given time to refuse, while others are asked. It names protocols of ALPN too,
 * unless the server refuses clients that have none of its own.
 */
export async function probeFinish13(server: ProbedServer, way: Way13): Promise<void> {
  const protocols = server.batch === undefined ? [applicationProtocols(APPLICATION_PROTOCOLS)] : []
  const named = await ask(server, way, 'finish TLS1.3', protocols)
  const isRefused = named === 'refused' && protocols.length > 0
  const shown = isRefused ? await ask(server, way, 'finish TLS1.3 without ALPN', []) : named
  if (!shown || shown === 'refused') return
  const { handshake, finished } = shown
  if (!isRefused && protocols.length > 0) server.firstProtocol = protocolIn(handshake)
  // Only now: a replay knows in which order questions ended, and no more.
  server.handshakes.push(handshake)
  if (!finished) return
  server.finished = finished
  server.resumable = handshake
}

function protocolIn({ encryptedExtensions }: Handshake13): Choice {
  try {
    return chosenProtocol(encryptedExtensions)
  } catch (error) {
    return { end: answerOf(failureOf(error)) }
  }
}

type Shown = {
  readonly handshake: Handshake13
  /** Undefined where its end could not be read. */
  readonly finished: Finished13 | undefined
}

async function ask(
  { naming, connections, ways }: ProbedServer,
  { suites, group }: Way13,
  claim: string,
  extra: TlsExtensions,
): Promise<Shown | 'refused' | undefined> {
  const offer = { version: VERSION.TLS13, suites, extra, ...naming }
  const asked = await connections.ask(claim, async (exchange) => {
    const reply = await handshake13(exchange, offer, group)
    if (reply.kind === 'alert') return 'refused'
    if (reply.kind !== 'handshake') return undefined
    const { handshake } = reply
    return { handshake, finished: await finish(handshake, ways.firstRequest) }
  })
  return asked.isAnswered ? asked.value : undefined
}

/** What the handshake showed is known also where its end cannot be read. */
async function finish(
  handshake: Handshake13,
  firstRequest: Buffer | undefined,
): Promise<Finished13 | undefined> {
  try {
    return await finishHandshake13(handshake, firstRequest)
  } catch (error) {
    if (error instanceof ProtocolError || error instanceof ExchangeEnded) return undefined
    throw error
  }
}

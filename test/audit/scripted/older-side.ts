/** The server's side of SSL 3.0 to TLS 1.2: RFC 5246 section 7.3, RFC 5077, RFC 5746. SSL 3.0 ends with its flight. */
import { ffdhePrime } from '../../../src/algorithms/ffdhe-primes.ts'
import { makeKeyPair } from '../../../src/audit/key-schedule/key-pair.ts'
import { olderCipherOf } from '../../../src/audit/key-schedule/older-ciphers.ts'
import { handshakeHash, pseudoRandom } from '../../../src/audit/key-schedule/older-prf.ts'
import { protectOlder } from '../../../src/audit/key-schedule/older-protection.ts'
import { beginPickedGroupExchange } from '../../../src/audit/key-schedule/prime-exchange.ts'
import { encodeCertificate12 } from '../../../src/audit/messages/certificate.ts'
import { encodeCertificateRequest } from '../../../src/audit/messages/certificate-request.ts'
import type { ClientHello } from '../../../src/audit/messages/client-hello.ts'
import {
  applicationProtocols,
  emptyExtension,
  findExtension,
  renegotiationInfo,
  type TlsExtension,
} from '../../../src/audit/messages/extensions.ts'
import { CONTENT_TYPES, EXTENSION, HANDSHAKE } from '../../../src/audit/messages/iana-numbers.ts'
import { keyExchangeOf } from '../../../src/audit/messages/iana-suites.ts'
import { encodeOlderSessionTicket } from '../../../src/audit/messages/new-session-ticket.ts'
import { encodeServerHello } from '../../../src/audit/messages/server-hello.ts'
import {
  encodeServerKeyExchange,
  exchangeForm,
} from '../../../src/audit/messages/server-key-exchange.ts'
import { doBeforeFinished, endBy, sayBehind } from './behind.ts'
import { type Chosen, OWN_PRIME } from './choice.ts'
import { certificatesOf, protocolFor, RANDOM, type Side, seeded } from './side.ts'

const DOWNGRADED = Buffer.concat([RANDOM.subarray(8), Buffer.from('444f574e47524401', 'hex')])

/** What it proves in a renegotiation: RFC 5746 section 3.7. */
type Before = { readonly clientVerify: Buffer; readonly serverVerify: Buffer } | undefined

export async function answerOlder(
  side: Side,
  hello: ClientHello,
  chosen: Chosen,
  before?: Before,
): Promise<void> {
  const { channel, script, memory } = side
  const { version, suite } = chosen
  const offers = (type: number) => findExtension(hello.extensions ?? [], type)
  const ticket = script.resumes?.byTicket ? script.ticket?.ticket : undefined
  const isByTicket = ticket && offers(EXTENSION.session_ticket)?.equals(ticket)
  const ofId = script.resumes?.byId && memory.sessions.get(hello.sessionId.toString('hex'))
  const session = isByTicket ? memory.ofTicket : ofId || undefined
  const isResumed = session?.suite === suite
  const sessionId = isResumed ? hello.sessionId : idFor(side, hello)
  const random = script.hasDowngradeMark ? DOWNGRADED : RANDOM
  const extensions = extensionsFor(side, hello, before)
  const body = encodeServerHello({
    ...{ version, random, sessionId, suite, extensions },
    compression: script.compression ?? 0,
  })
  await channel.sendHandshake({ type: HANDSHAKE.server_hello, body })
  channel.useVersion(version)
  const run: Run = { side, hello, chosen, random, extensions, sessionId }
  await (isResumed ? finishShort(run, session.master) : finishFull(run))
}

function idFor({ script, memory }: Side, hello: ClientHello): Buffer {
  if (script.namesSessions === 'as-the-client') return hello.sessionId
  return script.namesSessions ? memory.nextId() : Buffer.alloc(0)
}

type Run = {
  readonly side: Side
  readonly hello: ClientHello
  readonly chosen: Chosen
  readonly random: Buffer
  readonly extensions: readonly TlsExtension[]
  readonly sessionId: Buffer
}

function extensionsFor({ script }: Side, hello: ClientHello, before: Before): TlsExtension[] {
  const isOffered = (type: number) => findExtension(hello.extensions ?? [], type) !== undefined
  const isProved = isOffered(EXTENSION.renegotiation_info) || hello.suites.includes(0x00ff)
  const protocol = isOffered(16) ? protocolFor(script, hello) : undefined
  const proof = before ? Buffer.concat([before.clientVerify, before.serverVerify]) : Buffer.alloc(0)
  return (script.extensions ?? [])
    .flatMap((type) => {
      if (type === EXTENSION.renegotiation_info) return isProved ? [renegotiationInfo(proof)] : []
      return isOffered(type) ? [emptyExtension(type)] : []
    })
    .concat(protocol === undefined ? [] : [applicationProtocols([protocol])])
}

/** The key of the server for the exchange, and what it agrees on. */
function exchangeFor({ group, suite }: Chosen, { script }: Side) {
  if (group === undefined) return undefined
  if (exchangeForm(keyExchangeOf(suite))?.kind === 'ecdhe') {
    const pair = makeKeyPair(group, seeded)
    const exchange = { kind: 'ecdhe', group, key: pair?.share ?? Buffer.alloc(65, 4) } as const
    return { exchange, agree: (body: Buffer) => pair?.agree(body.subarray(1)) }
  }
  const own = group === OWN_PRIME ? script.ownPrime : undefined
  const prime = own ?? primeOf(2048 + 1024 * (group - 0x100))
  const picked = { prime, generator: Buffer.of(2) }
  const { share, compute } = beginPickedGroupExchange(picked, seeded)
  const exchange = { kind: 'dhe', ...picked, key: share } as const
  return { exchange, agree: (body: Buffer) => compute(body.subarray(2)) }
}

/** Of 2048, 3072 and 4096 bits by the number of the group. */
function primeOf(bits: number): Buffer {
  return Buffer.from(ffdhePrime(bits).toString(16), 'hex')
}

async function sendFlight(run: Run) {
  const { side, chosen } = run
  const { channel, script } = side
  const send = (type: number, body: Buffer) => channel.sendHandshake({ type, body })
  const keyExchange = keyExchangeOf(chosen.suite)
  const form = exchangeForm(keyExchange)
  if (!/anon|PSK/.test(keyExchange)) {
    await send(HANDSHAKE.certificate, encodeCertificate12(certificatesOf(script, chosen.suite)))
  }
  const made = exchangeFor(chosen, side)
  if (made && form) {
    const body = encodeServerKeyExchange({
      exchange: made.exchange,
      hint: form.hasHint ? Buffer.alloc(0) : undefined,
      scheme: form.isSigned ? chosen.scheme : undefined,
      signature: form.isSigned ? Buffer.alloc(64, 5) : Buffer.alloc(0),
    })
    await send(HANDSHAKE.server_key_exchange, body)
  }
  if (script.request) {
    const body = encodeCertificateRequest(script.request, chosen.version)
    await send(HANDSHAKE.certificate_request, body)
  }
  await send(HANDSHAKE.server_hello_done, Buffer.alloc(0))
  return made
}

async function finishFull(run: Run): Promise<void> {
  const { side, chosen, extensions, hello, random } = run
  const { channel, script } = side
  const made = await sendFlight(run)
  let incoming = await channel.next()
  if (script.request) {
    if (incoming.kind !== 'handshake' || incoming.message.type !== HANDSHAKE.certificate) {
      throw new Error('a client that is asked for a certificate has to say that it has none')
    }
    const { withoutCertificate } = script
    if (withoutCertificate) return endBy(side, withoutCertificate)
    incoming = await channel.next()
  }
  if (incoming.kind !== 'handshake') throw new Error(`${incoming.kind} in place of a key`)
  if (await doBeforeFinished(side)) return
  const premaster = made?.agree(incoming.message.body)
  const cipher = olderCipherOf(chosen.suite, chosen.version)
  if (!premaster || !cipher) throw new Error('this server computes with (EC)DHE alone')
  const isExtended = findExtension(extensions, EXTENSION.extended_master_secret)
  const master = isExtended
    ? pseudoRandom(
        ...([cipher.prf, premaster, 'extended master secret'] as const),
        ...([handshakeHash(cipher.prf, channel.transcript), 48] as const),
      )
    : pseudoRandom(
        ...([cipher.prf, premaster, 'master secret'] as const),
        ...([Buffer.concat([hello.random, random]), 48] as const),
      )
  const session = { master, suite: chosen.suite }
  if (script.namesSessions) side.memory.sessions.set(run.sessionId.toString('hex'), session)
  if (findExtension(extensions, EXTENSION.session_ticket)) side.memory.ofTicket = session
  const { readFinished, sendFinished } = endsOf(run, master)
  const clientVerify = await readFinished()
  const serverVerify = await sendFinished()
  await goOn(run, { clientVerify, serverVerify })
}

async function finishShort(run: Run, master: Buffer): Promise<void> {
  const { readFinished, sendFinished } = endsOf(run, master)
  const serverVerify = await sendFinished()
  const clientVerify = await readFinished()
  await goOn(run, { clientVerify, serverVerify })
}

function endsOf({ side, chosen, hello, random, extensions }: Run, master: Buffer) {
  const { channel, script } = side
  const { version, suite } = chosen
  const cipher = olderCipherOf(suite, version)
  if (!cipher) throw new Error('there is no such cipher')
  const protection = protectOlder({
    ...{ version, cipher, master, clientRandom: hello.random, serverRandom: random },
    encryptsFirst: findExtension(extensions, EXTENSION.encrypt_then_mac) !== undefined,
    random: seeded,
  })
  const verify = (who: string) => {
    const hash = handshakeHash(cipher.prf, channel.transcript)
    return pseudoRandom(cipher.prf, master, `${who} finished`, hash, 12)
  }
  channel.protectReadingAfterChange(protection.client)
  return {
    readFinished: async () => {
      const expected = verify('client')
      const incoming = await channel.next()
      const isRight = incoming.kind === 'handshake' && incoming.message.body.equals(expected)
      if (!isRight) throw new Error(`a Finished of another handshake: ${JSON.stringify(incoming)}`)
      return expected
    },
    sendFinished: async () => {
      if (script.ticket && findExtension(extensions, EXTENSION.session_ticket)) {
        const body = encodeOlderSessionTicket(script.ticket)
        await channel.sendHandshake({ type: HANDSHAKE.new_session_ticket, body })
      }
      await channel.send(CONTENT_TYPES.change_cipher_spec, Buffer.of(1))
      channel.protectWriting(protection.server)
      const body = verify('server')
      await channel.sendHandshake({ type: HANDSHAKE.finished, body })
      return body
    },
  }
}

/** Behind the handshake, a hello asks for a renegotiation. */
async function goOn({ side, chosen }: Run, before: Before): Promise<void> {
  await sayBehind(side, false, async (hello) => {
    const { renegotiation = 'ignore' } = side.script
    if (renegotiation === 'ignore') return
    if (renegotiation !== 'accept') return endBy(side, renegotiation)
    const proof = findExtension(hello.extensions ?? [], EXTENSION.renegotiation_info)
    const isSecure = side.script.extensions?.includes(EXTENSION.renegotiation_info)
    const expected = isSecure ? before?.clientVerify : Buffer.alloc(0)
    if (!expected || !proof?.subarray(1).equals(expected)) return endBy(side, { alert: 40 })
    await answerOlder(side, hello, chosen, before)
  })
}

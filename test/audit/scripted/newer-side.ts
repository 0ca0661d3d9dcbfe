/** The server's side of TLS 1.3: RFC 8446 section 2. Nothing is signed: an audit checks no signature. */
import { makeKeyPair } from '../../../src/audit/key-schedule/key-pair.ts'
import {
  applicationTraffic,
  earlySecret,
  finishedData,
  handshakeSecret,
  handshakeTraffic,
  masterSecret,
} from '../../../src/audit/key-schedule/tls13-keys.ts'
import { suiteHash, Tls13Protection } from '../../../src/audit/key-schedule/tls13-protection.ts'
import { encodeCertificate13 } from '../../../src/audit/messages/certificate.ts'
import { encodeCertificateRequest } from '../../../src/audit/messages/certificate-request.ts'
import type { ClientHello } from '../../../src/audit/messages/client-hello.ts'
import {
  applicationProtocols,
  findExtension,
  type TlsExtension,
  writeExtensions,
} from '../../../src/audit/messages/extensions.ts'
import { EXTENSION, HANDSHAKE } from '../../../src/audit/messages/iana-numbers.ts'
import { encodeServerHello } from '../../../src/audit/messages/server-hello.ts'
import { ByteReader } from '../../../src/wire/byte-reader.ts'
import { ByteWriter } from '../../../src/wire/byte-writer.ts'
import { doBeforeFinished, endBy, sayBehind } from './behind.ts'
import type { Chosen } from './choice.ts'
import { certificatesOf, protocolFor, RANDOM, type Side, seeded } from './side.ts'

/** RFC 8446 section 4.1.3. */
const RETRY = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex')

const VERSION_13: TlsExtension = { type: EXTENSION.supported_versions, data: Buffer.of(3, 4) }

function numbersOf(...numbers: readonly number[]): Buffer {
  const writer = new ByteWriter()
  for (const number of numbers) writer.uint16(number)
  return writer.finish()
}

function shareIn(hello: ClientHello, group: number): Buffer | undefined {
  const data = findExtension(hello.extensions ?? [], EXTENSION.key_share)
  const list = data && new ByteReader(data, 'shares').readPart(2)
  while (list && list.remaining > 0) {
    const [number, key] = [list.readUint16(), list.readVector(2)]
    if (number === group) return key
  }
  return undefined
}

export async function answerNewer(side: Side, hello: ClientHello, chosen: Chosen): Promise<void> {
  const { suite, group = 0 } = chosen
  const { script, channel } = side
  const sendHello = (random: Buffer, extensions: readonly TlsExtension[]) => {
    const fields = { version: 0x0303, random, sessionId: hello.sessionId, suite, compression: 0 }
    const body = encodeServerHello({ ...fields, extensions: [VERSION_13, ...extensions] })
    return channel.sendHandshake({ type: HANDSHAKE.server_hello, body })
  }
  const modes = [...(findExtension(hello.extensions ?? [], 45) ?? [])].slice(1)
  const hasTicket = findExtension(hello.extensions ?? [], EXTENSION.pre_shared_key) !== undefined
  const mode = script.pskModes?.find((one) => modes.includes(one))
  const isResumed = hasTicket && mode !== undefined
  const psk = isResumed
    ? [{ type: EXTENSION.pre_shared_key, data: numbersOf(script.takenTicket ?? 0) }]
    : []
  if (isResumed && mode === 0) return sendHello(RANDOM, psk)
  const theirs = shareIn(hello, group)
  const pair = theirs && makeKeyPair(group, seeded)
  if (!pair) return sendHello(RETRY, [{ type: EXTENSION.key_share, data: numbersOf(group) }])
  const share = Buffer.concat([numbersOf(group, pair.share.length), pair.share])
  await sendHello(RANDOM, [{ type: EXTENSION.key_share, data: share }, ...psk])
  if (!isResumed) await finish(side, hello, chosen, pair.agree(theirs))
}

async function finish(side: Side, hello: ClientHello, chosen: Chosen, shared: Buffer) {
  const { channel, script } = side
  const { suite } = chosen
  const hash = suiteHash(suite)
  const secret = handshakeSecret(hash, earlySecret(hash), shared)
  const traffic = handshakeTraffic(hash, secret, channel.transcript)
  channel.protectWriting(new Tls13Protection(suite, traffic.server))
  channel.protectReading(new Tls13Protection(suite, traffic.client))
  const protocol = protocolFor(script, hello)
  if (protocol === 'refused') return endBy(side, { alert: 120 })
  if (await doBeforeFinished(side)) return
  await sendFlight(side, chosen, protocol)
  const body = finishedData(hash, traffic.server, channel.transcript)
  await channel.sendHandshake({ type: HANDSHAKE.finished, body })
  const application = applicationTraffic(hash, masterSecret(hash, secret), channel.transcript)
  channel.protectWriting(new Tls13Protection(suite, application.server))
  if (script.request) {
    const incoming = await channel.next()
    const context = script.request.context
    const expected = Buffer.concat([Buffer.of(context.length), context, Buffer.alloc(3)])
    const isRight = incoming.kind === 'handshake' && incoming.message.body.equals(expected)
    if (!isRight) throw new Error('a client that is asked for a certificate has to answer that')
  }
  const expected = finishedData(hash, traffic.client, channel.transcript)
  const incoming = await channel.next()
  const isRight = incoming.kind === 'handshake' && incoming.message.body.equals(expected)
  if (!isRight) throw new Error('a Finished of another handshake')
  channel.protectReading(new Tls13Protection(suite, application.client))
  await sayBehind(side, true, async () => endBy(side, { alert: 10 }))
}

async function sendFlight({ channel, script }: Side, chosen: Chosen, protocol: string | undefined) {
  const send = (type: number, body: Buffer) => channel.sendHandshake({ type, body })
  const extensions = new ByteWriter()
  writeExtensions(extensions, protocol === undefined ? [] : [applicationProtocols([protocol])])
  await send(HANDSHAKE.encrypted_extensions, extensions.finish())
  if (script.request) {
    await send(HANDSHAKE.certificate_request, encodeCertificateRequest(script.request, 0x0304))
  }
  const certificates = certificatesOf(script, chosen.suite)
  await send(HANDSHAKE.certificate, encodeCertificate13(certificates))
  const signature = Buffer.concat([numbersOf(chosen.scheme ?? 0, 64), Buffer.alloc(64, 9)])
  await send(HANDSHAKE.certificate_verify, signature)
}

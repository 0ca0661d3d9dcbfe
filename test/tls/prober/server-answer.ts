/** Reads what a server answers to a ClientHello, as far as it is not encrypted. */
import { findTlsSuite } from '../../../src/algorithms/tls-suites.ts'

/** What a server chose; undefined where it refused. */
export type Answer = {
  readonly version: number
  readonly suite: number
  readonly group?: number
  /** Size of the prime, where the server named no group. */
  readonly prime?: number
  readonly scheme?: number
  /** TLS 1.3: the server asks for another key share, and has not signed anything yet. */
  readonly isRetry: boolean
}

type Message = { readonly type: number; readonly body: Buffer }

const SERVER_HELLO = 2
const SERVER_KEY_EXCHANGE = 12
const SERVER_HELLO_DONE = 14
const RETRY = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c'

/** The answer, `null` for a refusal, undefined where more bytes are needed. */
export function readAnswer(bytes: Buffer): Answer | null | undefined {
  const { messages, isAlert } = readMessages(bytes)
  const hello = messages.find(({ type }) => type === SERVER_HELLO)
  if (!hello) return isAlert ? null : undefined
  const answer = readServerHello(hello.body)
  if (answer.version === 0x0304) return answer
  const isDone = messages.some(({ type }) => type === SERVER_HELLO_DONE)
  if (!isDone) return isAlert ? null : undefined
  const exchange = messages.find(({ type }) => type === SERVER_KEY_EXCHANGE)
  return exchange ? { ...answer, ...readKeyExchange(exchange.body, answer) } : answer
}

function readMessages(bytes: Buffer): { messages: Message[]; isAlert: boolean } {
  const parts: Buffer[] = []
  let isAlert = false
  for (let at = 0; at + 5 <= bytes.length; ) {
    const end = at + 5 + bytes.readUInt16BE(at + 3)
    if (end > bytes.length) break
    if (bytes[at] === 22) parts.push(bytes.subarray(at + 5, end))
    if (bytes[at] === 21) isAlert = true
    at = end
  }
  return { messages: [...splitMessages(Buffer.concat(parts))], isAlert }
}

function* splitMessages(bytes: Buffer): Generator<Message> {
  for (let at = 0; at + 4 <= bytes.length; ) {
    const end = at + 4 + bytes.readUIntBE(at + 1, 3)
    if (end > bytes.length) return
    yield { type: bytes.readUInt8(at), body: bytes.subarray(at + 4, end) }
    at = end
  }
}

function readServerHello(body: Buffer): Answer {
  const isRetry = body.subarray(2, 34).toString('hex') === RETRY
  let at = 35 + body.readUInt8(34)
  const suite = body.readUInt16BE(at)
  let version = body.readUInt16BE(0)
  let group: number | undefined
  at += 5
  while (at + 4 <= body.length) {
    const type = body.readUInt16BE(at)
    if (type === 43) version = body.readUInt16BE(at + 4)
    if (type === 51) group = body.readUInt16BE(at + 4)
    at += 4 + body.readUInt16BE(at + 2)
  }
  return { version, suite, isRetry, ...(group === undefined ? {} : { group }) }
}

/** RFC 5246 section 7.4.3, RFC 8422 section 5.4, RFC 4279 section 3. */
function readKeyExchange(body: Buffer, { suite, version }: Answer): Partial<Answer> {
  const exchange = findTlsSuite(suite)?.keyExchange
  // How it exchanges keys is not known, so that nothing of it can be read.
  if (exchange === undefined) return {}
  let at = /PSK/.test(exchange) ? 2 + body.readUInt16BE(0) : 0
  if (/^RSA-PSK$|^PSK$|SRP/.test(exchange)) return {}
  let chosen: Partial<Answer>
  if (/ECDH/.test(exchange)) {
    chosen = { group: body.readUInt16BE(at + 1) }
    at += 4 + body.readUInt8(at + 3)
  } else {
    chosen = { prime: 8 * body.readUInt16BE(at) }
    for (let field = 0; field < 3; field++) at += 2 + body.readUInt16BE(at)
  }
  const isSigned = version === 0x0303 && /-(RSA|ECDSA|DSS)$/.test(exchange)
  return isSigned ? { ...chosen, scheme: body.readUInt16BE(at) } : chosen
}

/** XMPP's STARTTLS: RFC 6120, section 5. */

import { refuse } from '../../wire/protocol-error.ts'
import type { ClearExchange } from '../connection/clear-exchange.ts'
import {
  clearText,
  hasClearMechanism,
  READY,
  refused,
  type Upgrade,
  type UpgradeTarget,
} from './upgrade.ts'

/** What a server says of itself is a few hundred bytes. */
const TEXT_LIMIT = 64 * 1024

/** Users and passwords before SASL: XEP-0078, section 3. */
const OLD_AUTHENTICATION = 'http://jabber.org/features/iq-auth'

/** Of a server that gives the namespace of streams another prefix, or none: RFC 6120, section 4.8.5. */
const PREFIX = '(?:[^\\s<>/:]+:)?'

const STREAM_END = new RegExp(
  `</${PREFIX}(?:features|error)\\s*>|<${PREFIX}features(?:\\s[^<>]*)?/>`,
)

const STARTTLS = new RegExp(`<${PREFIX}starttls(?=[\\s/>])`)

/** From its beginning, with its content. */
const STARTTLS_ELEMENT = new RegExp(`^<[^>]*/>|^<[^>]*>(.*?)</${PREFIX}starttls\\s*>`, 's')

const REQUIRED = new RegExp(`<${PREFIX}required(?=[\\s/>])`)

const FEATURES_BEGIN = new RegExp(`<${PREFIX}features(?:\\s[^<>]*)?>\\s*$`)

const ERROR = new RegExp(`<${PREFIX}error(?=[\\s>]).*`, 's')

const UNREAD = 'one without a plain name'

const LEFT_ANGLE = 0x3c
const RIGHT_ANGLE = 0x3e

export const xmpp: Upgrade = {
  scheme: 'xmpp',
  title: 'XMPP',
  port: 5222,
  begin: async (exchange, target) => {
    const features = await openStream(exchange, target)
    if (!offersTls(features)) return refused(errorOf(features))
    await exchange.write(Buffer.from("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"))
    const answer = await readUntil(exchange, /<(proceed|failure)\b[^>]*>/)
    return /<proceed\b/.test(answer) ? READY : refused(answer)
  },
  tryClearText: async (exchange, target) => {
    const features = await openStream(exchange, target)
    const mechanisms = readMechanisms(features)
    if (hasClearMechanism(mechanisms))
      return clearText('accepted', `before TLS: ${mechanisms.join(' ')}`)
    if (features.includes(OLD_AUTHENTICATION)) {
      return clearText('accepted', `before TLS: ${OLD_AUTHENTICATION}`)
    }
    if (requiresTls(features)) return clearText('refused', 'TLS is required')
    return clearText('unknown', offersTls(features) ? 'TLS is offered' : errorOf(features))
  },
}

/** One whose name is not plain text is not taken for EXTERNAL. `<mechanism/>` is none. */
function readMechanisms(features: string): readonly string[] {
  const elements = features.split(/<(?:[\w.-]+:)?mechanism(?=[\s>])/).slice(1)
  return elements.map((element) => /^[^>]*>([^<]*)</.exec(element)?.[1]?.trim() || UNREAD)
}

/** The server's stream up to what it can do, or up to its error. */
async function openStream(exchange: ClearExchange, { host }: UpgradeTarget): Promise<string> {
  const name = host.replace(/[&<>'"]/g, '')
  const opening =
    `<?xml version='1.0'?><stream:stream to='${name}' version='1.0' xmlns='jabber:client' ` +
    "xmlns:stream='http://etherx.jabber.org/streams'>"
  await exchange.write(Buffer.from(opening))
  return readUntil(exchange, STREAM_END)
}

function offersTls(features: string): boolean {
  return STARTTLS.test(features)
}

/** TLS is required where the server says so, and where it offers nothing else: RFC 6120, section 5.3.1. */
function requiresTls(features: string): boolean {
  const start = features.search(STARTTLS)
  if (start < 0) return false
  const [element = '', content = ''] = STARTTLS_ELEMENT.exec(features.slice(start)) ?? []
  if (REQUIRED.test(content)) return true
  const before = features.slice(0, start)
  const after = features.slice(start + element.length)
  return FEATURES_BEGIN.test(before) && STREAM_END.exec(after.trimStart())?.index === 0
}

function errorOf(features: string): string {
  return ERROR.exec(features)?.[0] ?? 'the server does not offer STARTTLS'
}

async function readUntil(exchange: ClearExchange, end: RegExp): Promise<string> {
  const bytes: number[] = []
  let start: number | undefined
  while (bytes.length < TEXT_LIMIT) {
    const [byte = 0] = await exchange.read(1)
    bytes.push(byte)
    if (byte === LEFT_ANGLE) start = bytes.length - 1
    if (byte !== RIGHT_ANGLE || start === undefined) continue
    // Only a tag that ends here can end a text: to search all of it each time would take too long.
    const tag = Buffer.from(bytes.slice(start)).toString('utf8')
    if (end.test(tag)) return Buffer.from(bytes).toString('utf8')
    start = undefined
  }
  return refuse(`more than ${TEXT_LIMIT} bytes before TLS`)
}

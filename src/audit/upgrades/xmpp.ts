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
import { type XmlElement, XmlStream } from './xml-stream.ts'

const STREAMS = 'http://etherx.jabber.org/streams'

const TLS = 'urn:ietf:params:xml:ns:xmpp-tls'

/** RFC 6120, section 6; XEP-0388. */
const SASL: readonly string[] = ['urn:ietf:params:xml:ns:xmpp-sasl', 'urn:xmpp:sasl:2']

/** Users and passwords before SASL: XEP-0078, section 3. */
const OLD_AUTHENTICATION = 'http://jabber.org/features/iq-auth'

const NO_STARTTLS = 'the server does not offer STARTTLS'

const UNREAD = 'one without a plain name'

export const xmpp: Upgrade = {
  scheme: 'xmpp',
  title: 'XMPP',
  port: 5222,
  begin: async (exchange, target) => {
    const { stream, features, error } = await openStream(exchange, target)
    if (!findStarttls(features)) return refused(error ?? NO_STARTTLS)
    await exchange.write(Buffer.from(`<starttls xmlns='${TLS}'/>`))
    const answer = await stream.next()
    return isNamed(answer.element, TLS, 'proceed') ? READY : refused(answer.source)
  },
  tryClearText: async (exchange, target) => {
    const { features, error } = await openStream(exchange, target)
    const mechanisms = readMechanisms(features)
    if (hasClearMechanism(mechanisms))
      return clearText('accepted', `before TLS: ${mechanisms.join(' ')}`)
    if (features.children.some((feature) => isNamed(feature, OLD_AUTHENTICATION, 'auth'))) {
      return clearText('accepted', `before TLS: ${OLD_AUTHENTICATION}`)
    }
    if (requiresTls(features)) return clearText('refused', 'TLS is required')
    return clearText('unknown', findStarttls(features) ? 'TLS is offered' : (error ?? NO_STARTTLS))
  },
}

/** The namespace decides, whatever prefix stands for it: RFC 6120, section 4.8.5. */
function isNamed(element: XmlElement, namespace: string, name: string): boolean {
  return element.name === name && element.namespace === namespace
}

/** Of features that are lists of them. One with other elements within its name is not taken for EXTERNAL. */
function readMechanisms({ children }: XmlElement): readonly string[] {
  const all = children.flatMap((feature) => feature.children)
  return all
    .filter(({ namespace, name }) => name === 'mechanism' && SASL.includes(namespace))
    .map((mechanism) => (mechanism.children.length > 0 ? UNREAD : mechanism.text.trim()))
    .filter((name) => name !== '')
}

type OpenedStream = {
  readonly stream: XmlStream
  /** Without children where there was an error instead. */
  readonly features: XmlElement
  /** In the words of the server. */
  readonly error: string | undefined
}

async function openStream(exchange: ClearExchange, { host }: UpgradeTarget): Promise<OpenedStream> {
  const name = host.replace(/[&<>'"]/g, '')
  const opening =
    `<?xml version='1.0'?><stream:stream to='${name}' version='1.0' xmlns='jabber:client' ` +
    `xmlns:stream='${STREAMS}'>`
  await exchange.write(Buffer.from(opening))
  const stream = new XmlStream(exchange)
  if (!isNamed(await stream.begin(), STREAMS, 'stream')) refuse('another XML than a stream of XMPP')
  const { element, source } = await stream.next()
  if (isNamed(element, STREAMS, 'features')) return { stream, features: element, error: undefined }
  if (!isNamed(element, STREAMS, 'error')) refuse('another element than the features of its stream')
  return { stream, features: { ...element, children: [] }, error: source }
}

function findStarttls({ children }: XmlElement): XmlElement | undefined {
  return children.find((feature) => isNamed(feature, TLS, 'starttls'))
}

/** TLS is required where the server says so, and where it offers nothing else: RFC 6120, section 5.3.1. */
function requiresTls(features: XmlElement): boolean {
  const starttls = findStarttls(features)
  if (!starttls) return false
  const isSaid = starttls.children.some((child) => isNamed(child, TLS, 'required'))
  return isSaid || features.children.length === 1
}

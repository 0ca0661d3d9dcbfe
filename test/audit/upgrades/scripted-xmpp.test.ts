/** Servers of XMPP that answer what Prosody did not, in the words of RFC 6120, sections 4, 5 and 11. */
import { expect, onTestFinished, test, vi } from 'vitest'
import type { UpgradeResult } from '../../../src/audit/upgrades/upgrade.ts'
import { ProtocolError } from '../../../src/wire/protocol-error.ts'
import { clearTextOf, resultOf } from './scripted-server.ts'

const READY: UpgradeResult = { kind: 'ready' }

const refused = (said: string): UpgradeResult => ({ kind: 'refused', said })

const NO_STARTTLS = refused('the server does not offer STARTTLS')

const opening = (name: string) =>
  `> <?xml version='1.0'?><stream:stream to='${name}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`
const BEGUN = "<stream:stream id='1' xmlns:stream='http://etherx.jabber.org/streams'>"
const features = (text: string) => [
  opening('host.example'),
  `< ${BEGUN}<stream:features>${text}</stream:features>`,
]
const STARTTLS = "> <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
const OFFER = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
const REQUIRED = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
const PROCEED = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
const TWO_TAGS = `${PROCEED.slice(0, -2)}></proceed>`
const PREFIXED = "<x:proceed xmlns:x='urn:ietf:params:xml:ns:xmpp-tls'/>"
const OTHER = "<x:proceed xmlns:x='y' xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
const BARE = refused('<proceed/>')
const IQ_AUTH = 'http://jabber.org/features/iq-auth'
const mechanisms = (...names: readonly string[]) =>
  `<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>${names.map((name) => `<mechanism>${name}</mechanism>`).join('')}</mechanisms>`

test.each<[string, readonly string[], UpgradeResult]>([
  ['goes on', [...features(OFFER), STARTTLS, `< ${PROCEED}`], READY],
  ['goes on in two tags', [...features(OFFER), STARTTLS, `< ${TWO_TAGS}`], READY],
  ['goes on by a prefix', [...features(OFFER), STARTTLS, `< ${PREFIXED}`], READY],
  ['fails', [...features(OFFER), STARTTLS, '< <failure/>'], refused('<failure/>')],
  ['has a word of its own', [...features(OFFER), STARTTLS, `< ${OTHER}`], refused(OTHER)],
  ['has a word without a namespace', [...features(OFFER), STARTTLS, '< <proceed/>'], BARE],
  ['has none', features(mechanisms('PLAIN')), NO_STARTTLS],
  ['has another of that name', features("<starttls xmlns='x'/>"), NO_STARTTLS],
  ['has it in another feature', features(`<x>${OFFER}</x>`), NO_STARTTLS],
  [
    'speaks of it',
    features(`<x a='${OFFER.replaceAll("'", '"').replace('<', '')}'/>`),
    NO_STARTTLS,
  ],
  [
    'has one whose namespace ended with an element before',
    features("<x xmlns='urn:ietf:params:xml:ns:xmpp-tls'><y xmlns='z'/></x><starttls/>"),
    NO_STARTTLS,
  ],
  [
    'has one behind an element of another namespace',
    [...features(`<x xmlns='y'><z xmlns='w'/></x>${OFFER}`), STARTTLS, `< ${PROCEED}`],
    READY,
  ],
  ['quotes it', features(`<x><![CDATA[${OFFER}]]></x>`), NO_STARTTLS],
  ['has nothing', [opening('host.example'), `< ${BEGUN}<stream:features />`], NO_STARTTLS],
  [
    'has no such host',
    [opening('host.example'), `< ${BEGUN}<stream:error>\n<host-unknown/></stream:error>`],
    refused('<stream:error> <host-unknown/></stream:error>'),
  ],
  [
    'offers it within an error',
    [opening('host.example'), `< ${BEGUN}<stream:error>${OFFER}</stream:error>`],
    refused(`<stream:error>${OFFER}</stream:error>`),
  ],
])('a server that %s', async (_title, turns, expected) => {
  expect(await resultOf('xmpp', turns, 'host.example')).toEqual(expected)
})

/** RFC 6120, section 11.1, restricts XML; the rest is no stream. */
test.each([
  ['a comment', `${BEGUN}<stream:features><!--${OFFER}-->`],
  ['a declaration', `${BEGUN}<!DOCTYPE x>`],
  ['an instruction', `${BEGUN}<?x ?>`],
  ['tags that do not match', `${BEGUN}<stream:features><a></b>`],
  ['an attribute without a value', `${BEGUN}<stream:features a>`],
  ['an end', `${BEGUN}</stream:stream>`],
  ['an empty stream', BEGUN.replace('>', '/>')],
  ['another element first', `${BEGUN}<message/>`],
  ['a page', '<html>'],
  ['a stream whose prefix means nothing', '<stream:stream>'],
])('a server that sends %s breaks the protocol', async (_title, text) => {
  const found = resultOf('xmpp', [opening('h'), `< ${text}`], 'h')
  await expect(found).rejects.toThrow(ProtocolError)
})

test('what is no name in XML is left out of the name', async () => {
  const turns = [opening('ab'), `< ${BEGUN}<stream:features/>`]
  expect(await resultOf('xmpp', turns, `<a'&">b`)).toEqual(NO_STARTTLS)
})

test.each([
  ['mechanisms', mechanisms('EXTERNAL', 'PLAIN'), 'accepted', 'before TLS: EXTERNAL PLAIN'],
  ['EXTERNAL alone', REQUIRED + mechanisms('EXTERNAL'), 'refused', 'TLS is required'],
  ['EXTERNAL, TLS if one likes', OFFER + mechanisms('EXTERNAL'), 'unknown', 'TLS is offered'],
  [
    'the old authentication',
    `${OFFER}<auth xmlns="${IQ_AUTH}"/>`,
    ...(['accepted', `before TLS: ${IQ_AUTH}`] as const),
  ],
  ['what another feature requires', `<x><required/></x>${OFFER}`, 'unknown', 'TLS is offered'],
  ['a later feature that is required', `${OFFER}<required/>`, 'unknown', 'TLS is offered'],
  [
    'TLS with a prefix',
    `<x/><t:starttls xmlns:t='urn:ietf:params:xml:ns:xmpp-tls'> <t:required /></t:starttls>`,
    ...(['refused', 'TLS is required'] as const),
  ],
  [
    'another word than required',
    `<x/>${REQUIRED.replace('<required', "<required xmlns='x'")}`,
    ...(['unknown', 'TLS is offered'] as const),
  ],
  [
    'TLS alone, in two tags',
    ` ${OFFER.slice(0, -2)}></starttls>\n`,
    ...(['refused', 'TLS is required'] as const),
  ],
  [
    'EXTERNAL on a line of its own',
    REQUIRED + mechanisms('\n  EXTERNAL\n'),
    ...(['refused', 'TLS is required'] as const),
  ],
  [
    'a name that is not plain text',
    OFFER + mechanisms('PL<b/>AIN'),
    ...(['accepted', 'before TLS: one without a plain name'] as const),
  ],
  [
    'an empty name before another',
    OFFER + mechanisms('', 'PLAIN'),
    ...(['accepted', 'before TLS: PLAIN'] as const),
  ],
  [
    'a name in a section of characters',
    REQUIRED + mechanisms('<![CDATA[EXTERNAL]]>'),
    ...(['refused', 'TLS is required'] as const),
  ],
  [
    'mechanisms of another kind',
    REQUIRED + mechanisms('PLAIN').replace('xmpp-sasl', 'x'),
    ...(['refused', 'TLS is required'] as const),
  ],
  [
    'mechanisms of SASL 2',
    `${REQUIRED}<authentication xmlns='urn:xmpp:sasl:2'><mechanism>PLAIN</mechanism></authentication>`,
    ...(['accepted', 'before TLS: PLAIN'] as const),
  ],
  [
    'the old authentication by name alone',
    `${REQUIRED}<auth xmlns='x' a='${IQ_AUTH}'/>`,
    ...(['refused', 'TLS is required'] as const),
  ],
  [
    'a name with a prefix',
    `${OFFER}<s:mechanisms xmlns:s='urn:ietf:params:xml:ns:xmpp-sasl'><s:mechanism a='>'>PLAIN</s:mechanism></s:mechanisms>`,
    ...(['accepted', 'before TLS: PLAIN'] as const),
  ],
  ['an empty list', REQUIRED + mechanisms(), 'refused', 'TLS is required'],
  ['TLS alone', OFFER, 'refused', 'TLS is required'],
  ['nothing', '<other/>', 'unknown', 'the server does not offer STARTTLS'],
])('in clear, with %s', async (_title, text, kind, said) => {
  expect(await clearTextOf('xmpp', features(text), 'host.example')).toEqual({ kind, said })
})

test.each([
  ['s:', "<s:stream id='1' xmlns:s='http://etherx.jabber.org/streams'>"],
  ['', "<stream id='1' xmlns='http://etherx.jabber.org/streams'>"],
])('the prefix of the stream is the choice of the server: %j', async (prefix, begun) => {
  const asked = [opening('h'), `< ${begun}<${prefix}features>${REQUIRED}</${prefix}features>`]
  expect(await clearTextOf('xmpp', asked)).toMatchObject({ kind: 'refused' })
  expect(await resultOf('xmpp', [...asked, STARTTLS, `< ${PROCEED}`])).toEqual(READY)
  const none = [opening('h'), `< ${begun}<${prefix}features/>`]
  expect(await resultOf('xmpp', none)).toEqual(NO_STARTTLS)
  const error = `<${prefix}error><x/></${prefix}error>`
  expect(await resultOf('xmpp', [opening('h'), `< ${begun}${error}`])).toEqual(refused(error))
})

test.each([65_536, 65_537])('of whose words 64 KiB are read, more not: %i', async (length) => {
  const end = '<stream:features/>'
  const text = `< ${BEGUN.padEnd(length - end.length, 'x')}${end}`
  const found = resultOf('xmpp', [opening('h'), text], 'h')
  if (length === 65_536) expect(await found).toEqual(NO_STARTTLS)
  else await expect(found).rejects.toThrow(ProtocolError)
})

test('namespaces by the thousand, one within another, are not copied for each', async () => {
  const deep = Array.from({ length: 2500 }, (_, at) => `<a xmlns:p${at}='x'>`).join('')
  let kept = 0
  const set = Map.prototype.set
  const counting = vi.spyOn(Map.prototype, 'set').mockImplementation(function (
    this: Map<unknown, unknown>,
    ...entry
  ) {
    kept++
    return set.apply(this, entry)
  })
  onTestFinished(() => counting.mockRestore())
  const found = resultOf('xmpp', [opening('h'), `< ${BEGUN}<stream:features>${deep}</b>`], 'h')
  await expect(found).rejects.toThrow(new ProtocolError('XML whose tags do not match'))
  expect(kept).toBeLessThan(10_000)
})

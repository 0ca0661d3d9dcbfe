/** LDAP's StartTLS: RFC 4511, section 4.14. */

import { ByteReader } from '../../wire/byte-reader.ts'
import { refuse } from '../../wire/protocol-error.ts'
import type { ClearExchange } from '../connection/clear-exchange.ts'
import {
  type ClearAttempt,
  clearText,
  READY,
  refused,
  turnedAway,
  type Upgrade,
} from './upgrade.ts'

const START_TLS = '1.3.6.1.4.1.1466.20037'

const MESSAGE_LIMIT = 64 * 1024

/** Entries and references that may come before the end of a search for one entry. */
const ENTRIES_LIMIT = 16

/** Naming contexts that are tried, and the longest name of one. */
const CONTEXTS_LIMIT = 8
const NAME_LIMIT = 1024

/** Tags of BER: RFC 4511, appendix B. */
const TAG = {
  OCTET_STRING: 0x04,
  SEQUENCE: 0x30,
  SEARCH_REQUEST: 0x63,
  BIND_REQUEST: 0x60,
  BIND_RESPONSE: 0x61,
  SEARCH_ENTRY: 0x64,
  SEARCH_DONE: 0x65,
  EXTENDED_REQUEST: 0x77,
  EXTENDED_RESPONSE: 0x78,
} as const

const RESULT = {
  success: 0,
  strongerAuthRequired: 8,
  confidentialityRequired: 13,
  invalidCredentials: 49,
} as const

/** The server has looked at the password. */
const CHECKED: readonly number[] = [RESULT.success, RESULT.invalidCredentials]

export const ldap: Upgrade = {
  scheme: 'ldap',
  title: 'LDAP',
  port: 389,
  begin: async (exchange) => {
    const name = Buffer.from(START_TLS)
    const request = element(TAG.EXTENDED_REQUEST, element(0x80, name))
    const { result, said } = await ask(exchange, request, TAG.EXTENDED_RESPONSE)
    return result === RESULT.success ? READY : refused(said)
  },
  tryClearText: async (exchange) => {
    const { result, said, contexts } = await searchContexts(exchange)
    if (result === RESULT.confidentialityRequired) return clearText('refused', said)
    return attemptOf(await bindEach(exchange, contexts))
  },
  isServedWithinTls: async (exchange) => {
    const { contexts } = await searchContexts(exchange)
    return CHECKED.includes((await bindEach(exchange, contexts)).result)
  },
}

function attemptOf({ result, said }: LdapResult): ClearAttempt {
  if (CHECKED.includes(result)) {
    return clearText('accepted', `the server checks a password that came in clear: ${said}`)
  }
  if (result === RESULT.confidentialityRequired) return clearText('refused', said)
  // It may want SASL, which works in clear, or TLS.
  return result === RESULT.strongerAuthRequired ? turnedAway(said) : clearText('unknown', said)
}

/** Of OpenLDAP's configuration, and of others that follow it. */
const CONFIGURATION = Buffer.from('cn=config')

/**
 * The best answer to a password, of a name in each of these naming contexts. OpenLDAP does not ask for TLS where a name
 * is in none: it only says that the credentials are invalid.
 */
async function bindEach(exchange: ClearExchange, contexts: readonly Buffer[]): Promise<LdapResult> {
  const [first = CONFIGURATION, ...others] = contexts
  let best = await bind(exchange, first)
  for (const context of others) {
    if (CHECKED.includes(best.result)) return best
    const other = await bind(exchange, context)
    const isBetter = CHECKED.includes(other.result)
    if (isBetter || best.result === RESULT.confidentialityRequired) best = other
  }
  return best
}

/** With a password. */
function bind(exchange: ClearExchange, context: Buffer): Promise<LdapResult> {
  const version = Buffer.from('020103', 'hex')
  const name = Buffer.concat([Buffer.from('cn=cryptopolicy-audit,'), context])
  const password = element(0x80, Buffer.from('none'))
  const fields = [version, octets(name), password]
  return ask(exchange, element(TAG.BIND_REQUEST, Buffer.concat(fields)), TAG.BIND_RESPONSE)
}

type LdapResult = { readonly result: number; readonly said: string }

/** The naming contexts that the root tells: RFC 4512, section 5.1. */
async function searchContexts(
  exchange: ClearExchange,
): Promise<LdapResult & { readonly contexts: readonly Buffer[] }> {
  // The base object alone, without limits, types and values.
  const scope = Buffer.from('0a01000a0100020100020100010100', 'hex')
  const filter = element(0x87, Buffer.from('objectClass'))
  const attributes = element(TAG.SEQUENCE, octets(Buffer.from('namingContexts')))
  const fields = [octets(Buffer.alloc(0)), scope, filter, attributes]
  await send(exchange, element(TAG.SEARCH_REQUEST, Buffer.concat(fields)))
  const contexts: Buffer[] = []
  for (let count = 0; count < ENTRIES_LIMIT; count++) {
    const { tag, value } = await receive(exchange)
    if (tag === TAG.SEARCH_ENTRY) contexts.push(...valuesOf(value))
    if (tag === TAG.SEARCH_DONE) return { ...resultOf(value), contexts: usable(contexts) }
  }
  return refuse(`more than ${ENTRIES_LIMIT} answers to a search for one entry`)
}

function usable(contexts: readonly Buffer[]): readonly Buffer[] {
  const named = contexts.filter(({ length }) => length > 0 && length <= NAME_LIMIT)
  return named.slice(0, CONTEXTS_LIMIT)
}

/** Of SearchResultEntry, the values of all attributes: one was asked for. */
function valuesOf(entry: Buffer): readonly Buffer[] {
  const reader = new ByteReader(entry, 'an entry of LDAP')
  readElement(reader)
  return elementsOf(readElement(reader)).flatMap((attribute) => {
    const [, set] = elementsOf(attribute)
    return set ? elementsOf(set).map(({ value }) => value) : []
  })
}

async function ask(exchange: ClearExchange, request: Buffer, answer: number): Promise<LdapResult> {
  await send(exchange, request)
  const { tag, value } = await receive(exchange)
  if (tag !== answer) refuse(`an answer of LDAP with the tag 0x${tag.toString(16)}`)
  return resultOf(value)
}

/** One request is sent after the other, so that they need no numbers of their own. */
function send(exchange: ClearExchange, request: Buffer): Promise<void> {
  const messageId = Buffer.from('020101', 'hex')
  return exchange.write(element(TAG.SEQUENCE, Buffer.concat([messageId, request])))
}

async function receive(exchange: ClearExchange): Promise<BerElement> {
  const reader = new ByteReader(await readMessage(exchange), 'an answer of LDAP')
  readElement(reader)
  return readElement(reader)
}

function resultOf(value: Buffer): LdapResult {
  const fields = new ByteReader(value, 'a result of LDAP')
  const code = readElement(fields).value
  readElement(fields)
  const text = readElement(fields).value.toString('utf8')
  const result = code.length === 1 ? (code[0] ?? 0) : refuse('a result of LDAP without a code')
  return { result, said: `result ${result}: ${text}` }
}

async function readMessage(exchange: ClearExchange): Promise<Buffer> {
  const [tag = 0, first = 0] = await exchange.read(2)
  if (tag !== TAG.SEQUENCE) refuse('an answer that is not of LDAP')
  const length = first < 0x80 ? first : await readLongLength(exchange, first & 0x7f)
  if (length > MESSAGE_LIMIT) refuse(`an answer of ${length} bytes`)
  return exchange.read(length)
}

async function readLongLength(exchange: ClearExchange, size: number): Promise<number> {
  if (size < 1 || size > 4) refuse('an answer of LDAP without a length')
  return (await exchange.read(size)).readUIntBE(0, size)
}

type BerElement = { readonly tag: number; readonly value: Buffer }

function readElement(reader: ByteReader): BerElement {
  const tag = reader.readUint8()
  const first = reader.readUint8()
  if (first < 0x80) return { tag, value: reader.readBytes(first) }
  const size = first & 0x7f
  if (size < 1 || size > 4) refuse(`${reader.what} with an element without a length`)
  return { tag, value: reader.readBytes(reader.readBytes(size).readUIntBE(0, size)) }
}

function elementsOf({ value }: BerElement): readonly BerElement[] {
  const reader = new ByteReader(value, 'a part of an entry of LDAP')
  const elements: BerElement[] = []
  while (reader.remaining > 0) elements.push(readElement(reader))
  return elements
}

function element(tag: number, value: Buffer): Buffer {
  const { length } = value
  const head = length < 0x80 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(head), value])
}

function octets(value: Buffer): Buffer {
  return element(TAG.OCTET_STRING, value)
}

/** LDAP's StartTLS: RFC 4511, section 4.14. */

import { ByteReader } from '../../wire/byte-reader.ts'
import { refuse } from '../../wire/protocol-error.ts'
import type { ClearExchange } from '../connection/clear-exchange.ts'
import { clearText, READY, refused, turnedAway, type Upgrade } from './upgrade.ts'

const START_TLS = '1.3.6.1.4.1.1466.20037'

const MESSAGE_LIMIT = 64 * 1024

/** Tags of BER: RFC 4511, appendix B. */
const TAG = { SEQUENCE: 0x30, BIND_RESPONSE: 0x61, EXTENDED_RESPONSE: 0x78 } as const

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
    const request = element(0x77, element(0x80, name))
    const { result, said } = await ask(exchange, request, TAG.EXTENDED_RESPONSE)
    return result === RESULT.success ? READY : refused(said)
  },
  tryClearText: async (exchange) => {
    const { result, said } = await bind(exchange)
    if (CHECKED.includes(result)) {
      return clearText('accepted', `the server checks a password that came in clear: ${said}`)
    }
    if (result === RESULT.confidentialityRequired) return clearText('refused', said)
    // It may want SASL, which works in clear, or TLS.
    const isTurnedAway = result === RESULT.strongerAuthRequired
    return isTurnedAway ? turnedAway(said) : clearText('unknown', said)
  },
  isServedWithinTls: async (exchange) => CHECKED.includes((await bind(exchange)).result),
}

/** With a password. */
function bind(exchange: ClearExchange): Promise<LdapResult> {
  const version = Buffer.from('020103', 'hex')
  const name = element(0x04, Buffer.from('cn=cryptopolicy-audit'))
  const password = element(0x80, Buffer.from('none'))
  const request = element(0x60, Buffer.concat([version, name, password]))
  return ask(exchange, request, TAG.BIND_RESPONSE)
}

type LdapResult = { readonly result: number; readonly said: string }

async function ask(exchange: ClearExchange, request: Buffer, answer: number): Promise<LdapResult> {
  const messageId = Buffer.from('020101', 'hex')
  await exchange.write(element(TAG.SEQUENCE, Buffer.concat([messageId, request])))
  const reader = new ByteReader(await readMessage(exchange), 'an answer of LDAP')
  readElement(reader)
  const { tag, value } = readElement(reader)
  if (tag !== answer) refuse(`an answer of LDAP with the tag 0x${tag.toString(16)}`)
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

function readElement(reader: ByteReader): { readonly tag: number; readonly value: Buffer } {
  const tag = reader.readUint8()
  const first = reader.readUint8()
  if (first < 0x80) return { tag, value: reader.readBytes(first) }
  const size = first & 0x7f
  if (size < 1 || size > 4) refuse(`${reader.what} with an element without a length`)
  return { tag, value: reader.readBytes(reader.readBytes(size).readUIntBE(0, size)) }
}

/** An element of less than 128 bytes. */
function element(tag: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.of(tag, value.length), value])
}

/**
 * MySQL's and MariaDB's SSLRequest: "Connection Phase", "Protocol::SSLRequest" and "Protocol::HandshakeResponse41" of
 * MySQL's internals manual.
 */

import { ByteReader } from '../../wire/byte-reader.ts'
import { refuse } from '../../wire/protocol-error.ts'
import type { ClearExchange } from '../connection/clear-exchange.ts'
import { clearText, READY, refused, type Upgrade } from './upgrade.ts'

const CLIENT = {
  LONG_PASSWORD: 0x1,
  PROTOCOL_41: 0x200,
  SSL: 0x800,
  SECURE_CONNECTION: 0x8000,
} as const

const CAPABILITIES = CLIENT.LONG_PASSWORD | CLIENT.PROTOCOL_41 | CLIENT.SECURE_CONNECTION

const PACKET_LIMIT = 64 * 1024
const UTF8 = 33
const OK = 0
const AUTH_SWITCH = 0xfe
const ERROR = 0xff

const ER = { ACCESS_DENIED: 1045, SECURE_TRANSPORT_REQUIRED: 3159 } as const

const PROTOCOL_VERSION = 10

export const mysql: Upgrade = {
  scheme: 'mysql',
  title: 'MySQL',
  port: 3306,
  begin: async (exchange) => {
    const greeting = await readPacket(exchange)
    if (greeting[0] === ERROR) return refused(greeting.subarray(3).toString('latin1'))
    if ((decodeCapabilities(greeting) & CLIENT.SSL) === 0) {
      return refused('the server does not offer CLIENT_SSL')
    }
    await exchange.write(encodePacket(encodeClient(CLIENT.SSL)))
    return READY
  },
  tryClearText: async (exchange) => {
    const greeting = await readPacket(exchange)
    if (greeting[0] === ERROR) return clearText('unknown', decodeError(greeting).text)
    const hasTls = (decodeCapabilities(greeting) & CLIENT.SSL) !== 0
    // The user, and a password of no bytes.
    const login = Buffer.from('cryptopolicy-audit\0\0')
    await exchange.write(encodePacket(Buffer.concat([encodeClient(0), login])))
    const answer = await readPacket(exchange)
    if (answer[0] === OK) return clearText('accepted', 'the server lets the user in')
    // MariaDB says the same to users that it does not know, and to those whose TLS is missing.
    const onUser = hasTls ? 'unknown' : 'accepted'
    if (answer[0] === AUTH_SWITCH) return clearText(onUser, 'the server goes on to authenticate')
    if (answer[0] !== ERROR) refuse('an answer to HandshakeResponse that is not of MySQL')
    const { code, text } = decodeError(answer)
    if (code === ER.SECURE_TRANSPORT_REQUIRED) return clearText('refused', text)
    return clearText(code === ER.ACCESS_DENIED ? onUser : 'unknown', text)
  },
}

/** ERR_Packet: behind its code there may be a state of SQL. */
function decodeError(packet: Buffer): { readonly code: number; readonly text: string } {
  const reader = new ByteReader(packet, 'an error of MySQL')
  reader.readUint8()
  const code = reader.readBytes(2).readUInt16LE()
  const said = packet.subarray(3).toString('latin1')
  return { code, text: `${code} ${said.replace(/^#.{5}/, '')}` }
}

async function readPacket(exchange: ClearExchange): Promise<Buffer> {
  const length = (await exchange.read(4)).readUIntLE(0, 3)
  if (length < 1 || length > PACKET_LIMIT) refuse(`a packet of ${length} bytes`)
  return exchange.read(length)
}

/** Protocol::HandshakeV10 up to the lower half of the capabilities, among which is CLIENT_SSL. */
function decodeCapabilities(greeting: Buffer): number {
  const reader = new ByteReader(greeting, 'a greeting of MySQL')
  const version = reader.readUint8()
  if (version !== PROTOCOL_VERSION) refuse(`version ${version} of MySQL's protocol`)
  while (reader.readUint8() !== 0);
  // The number of the connection, the first half of its challenge, and a filler.
  reader.readBytes(4 + 8 + 1)
  return reader.readBytes(2).readUInt16LE()
}

/** The second packet of the connection; its numbers are little endian. */
function encodePacket(payload: Buffer): Buffer {
  const header = Buffer.alloc(4)
  header.writeUIntLE(payload.length, 0, 3)
  header.writeUInt8(1, 3)
  return Buffer.concat([header, payload])
}

/** The client, which is all of SSLRequest, and the beginning of HandshakeResponse41. */
function encodeClient(more: number): Buffer {
  const client = Buffer.alloc(32)
  client.writeUInt32LE(CAPABILITIES | more, 0)
  client.writeUInt32LE(0x100_0000, 4)
  client.writeUInt8(UTF8, 8)
  return client
}

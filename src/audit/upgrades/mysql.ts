/** MySQL's and MariaDB's SSLRequest: "Connection Phase" and "Protocol::SSLRequest" of MySQL's internals manual. */

import { ByteReader } from '../../wire/byte-reader.ts'
import { refuse } from '../../wire/protocol-error.ts'
import type { ClearExchange } from '../connection/clear-exchange.ts'
import { READY, refused, type Upgrade } from './upgrade.ts'

const CLIENT = {
  LONG_PASSWORD: 0x1,
  PROTOCOL_41: 0x200,
  SSL: 0x800,
  SECURE_CONNECTION: 0x8000,
} as const

const CAPABILITIES =
  CLIENT.LONG_PASSWORD | CLIENT.PROTOCOL_41 | CLIENT.SSL | CLIENT.SECURE_CONNECTION

const PACKET_LIMIT = 64 * 1024
const UTF8 = 33
const ERROR = 0xff
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
    await exchange.write(encodeSslRequest())
    return READY
  },
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
function encodeSslRequest(): Buffer {
  const packet = Buffer.alloc(4 + 32)
  packet.writeUIntLE(32, 0, 3)
  packet.writeUInt8(1, 3)
  packet.writeUInt32LE(CAPABILITIES, 4)
  packet.writeUInt32LE(0x100_0000, 8)
  packet.writeUInt8(UTF8, 12)
  return packet
}

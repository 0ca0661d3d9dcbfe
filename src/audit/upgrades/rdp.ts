/** RDP's negotiation of its security: [MS-RDPBCGR], sections 2.2.1.1, 2.2.1.2 and 5.4. */

import { ByteReader } from '../../wire/byte-reader.ts'
import { ByteWriter } from '../../wire/byte-writer.ts'
import { refuse } from '../../wire/protocol-error.ts'
import type { ClearExchange } from '../connection/clear-exchange.ts'
import { clearText, READY, refused, type Upgrade } from './upgrade.ts'

const PROTOCOL = { RDP: 0, SSL: 1, HYBRID: 2 } as const

const TPKT_VERSION = 3
const CONNECTION_REQUEST = 0xe0
const CONNECTION_CONFIRM = 0xd0
const NEGOTIATION = { REQUEST: 1, RESPONSE: 2, FAILURE: 3 } as const

const FAILURES: Readonly<Record<number, string>> = {
  1: 'SSL_REQUIRED_BY_SERVER',
  2: 'SSL_NOT_ALLOWED_BY_SERVER',
  3: 'SSL_CERT_NOT_ON_SERVER',
  4: 'INCONSISTENT_FLAGS',
  5: 'HYBRID_REQUIRED_BY_SERVER',
  6: 'SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER',
}

/** TLS alone, CredSSP, and TLS with a certificate of the client: other failures do not tell that TLS is missing. */
const WANTS_TLS: readonly number[] = [1, 5, 6]

export const rdp: Upgrade = {
  scheme: 'rdp',
  title: 'RDP',
  port: 3389,
  begin: async (exchange) => {
    // Servers with network level authentication take nothing but HYBRID, which is TLS too.
    const { kind, value } = await negotiate(exchange, PROTOCOL.SSL | PROTOCOL.HYBRID)
    if (kind === NEGOTIATION.FAILURE) return refused(failureName(value))
    return value === PROTOCOL.RDP ? refused('the server chooses RDP without TLS') : READY
  },
  tryClearText: async (exchange) => {
    const { kind, value } = await negotiate(exchange, PROTOCOL.RDP)
    if (kind === NEGOTIATION.FAILURE) {
      return clearText(WANTS_TLS.includes(value) ? 'refused' : 'unknown', failureName(value))
    }
    if (value !== PROTOCOL.RDP) {
      return clearText('unknown', `the server chooses protocol ${value}, which was not offered`)
    }
    return clearText('accepted', "the server takes RDP's own security, which has no certificates")
  },
}

type Negotiated = { readonly kind: number; readonly value: number }

async function negotiate(exchange: ClearExchange, protocols: number): Promise<Negotiated> {
  await exchange.write(encodeRequest(protocols))
  const header = new ByteReader(await exchange.read(4), 'an answer of RDP')
  if (header.readUint8() !== TPKT_VERSION) refuse('an answer that is not of RDP')
  header.readUint8()
  const length = header.readUint16()
  if (length < 11) refuse(`an answer of RDP of ${length} bytes`)
  return decodeConfirm(await exchange.read(length - 4))
}

function encodeRequest(protocols: number): Buffer {
  const negotiation = Buffer.alloc(8)
  negotiation.writeUInt8(NEGOTIATION.REQUEST, 0)
  negotiation.writeUInt16LE(8, 2)
  negotiation.writeUInt32LE(protocols, 4)
  // X.224: the length of what follows it, the kind, two references and a class.
  const x224 = new ByteWriter().uint8(14).uint8(CONNECTION_REQUEST).uint32(0).uint8(0)
  const body = x224.bytes(negotiation).finish()
  return new ByteWriter()
    .uint8(TPKT_VERSION)
    .uint8(0)
    .uint16(body.length + 4)
    .bytes(body)
    .finish()
}

/** Old servers confirm without a word on security: they have RDP's own alone. */
function decodeConfirm(bytes: Buffer): Negotiated {
  const reader = new ByteReader(bytes, 'an answer of RDP')
  reader.readUint8()
  if (reader.readUint8() !== CONNECTION_CONFIRM) refuse('an answer of RDP that confirms nothing')
  reader.readBytes(5)
  if (reader.remaining === 0) return { kind: NEGOTIATION.RESPONSE, value: PROTOCOL.RDP }
  const kind = reader.readUint8()
  reader.readBytes(3)
  const value = reader.readBytes(4).readUInt32LE()
  reader.end()
  if (kind !== NEGOTIATION.RESPONSE && kind !== NEGOTIATION.FAILURE) {
    refuse(`an answer of RDP of the kind ${kind}`)
  }
  return { kind, value }
}

function failureName(code: number): string {
  return FAILURES[code] ?? `failure ${code}`
}

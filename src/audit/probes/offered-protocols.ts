/** Protocols that an audit offers by ALPN (RFC 7301), and which of them a server has chosen. */
import { ByteReader } from '../../wire/byte-reader.ts'
import { findExtension, type TlsExtensions } from '../messages/extensions.ts'
import { EXTENSION } from '../messages/iana-numbers.ts'
import { ABSENT } from './answers.ts'
import { type Choice, NOT_OFFERED } from './enumerate.ts'

/** IANA's list of protocol IDs; newest of a family first. */
export const APPLICATION_PROTOCOLS = [
  ...['h2', 'http/1.1', 'http/1.0', 'http/0.9', 'h3', 'h2c', 'spdy/3', 'spdy/2', 'spdy/1'],
  ...['acme-tls/1', 'dot', 'doq', 'imap', 'pop3', 'managesieve', 'ftp', 'xmpp-client'],
  ...['xmpp-server', 'mqtt', 'postgresql', 'tds/8.0', 'irc', 'nntp', 'nnsp', 'coap', 'sip/2'],
  ...['smb', 'sunrpc', 'ntske/1', 'stun.turn', 'stun.nat-discovery', 'webrtc', 'c-webrtc'],
  ...['radius/1.0', 'radius/1.1', 'dicom', 'grpc-exp', 'smtp'],
] as const

/** By its place in the list. @throws ProtocolError */
export function chosenProtocol(extensions: TlsExtensions): Choice {
  const data = findExtension(extensions, EXTENSION.application_layer_protocol_negotiation)
  if (!data) return { end: ABSENT }
  const reader = new ByteReader(data, 'the protocol of ALPN')
  const list = reader.readPart(2)
  const name = list.readVector(1).toString('latin1')
  list.end()
  reader.end()
  const chosen = APPLICATION_PROTOCOLS.indexOf(name as (typeof APPLICATION_PROTOCOLS)[number])
  return chosen < 0 ? { end: NOT_OFFERED } : { chosen }
}

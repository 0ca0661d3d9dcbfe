/** Extensions of hellos: RFC 8446 section 4.2. Each is a number and bytes; these functions make the bytes. */
import type { ByteReader } from '../../wire/byte-reader.ts'
import { ByteWriter } from '../../wire/byte-writer.ts'
import { refuse } from '../../wire/protocol-error.ts'
import { EXTENSION } from './iana-numbers.ts'

export type TlsExtension = {
  readonly type: number
  readonly data: Buffer
}

export type TlsExtensions = readonly TlsExtension[]

/** @throws ProtocolError where one is there twice. */
export function readTlsExtensions(reader: ByteReader): TlsExtensions {
  const list = reader.readPart(2)
  const extensions: TlsExtension[] = []
  // A message has room for 16383 extensions. To search those before each one would stop all other audits.
  const types = new Set<number>()
  while (list.remaining > 0) {
    const type = list.readUint16()
    if (types.has(type)) refuse(`extension ${type} twice`)
    types.add(type)
    extensions.push({ type, data: list.readVector(2) })
  }
  return extensions
}

export function writeExtensions(writer: ByteWriter, extensions: TlsExtensions): void {
  writer.vector(2, (list) => {
    for (const { type, data } of extensions) {
      list.uint16(type).vector(2, (body) => body.bytes(data))
    }
  })
}

export function findExtension(extensions: TlsExtensions, type: number): Buffer | undefined {
  return extensions.find((extension) => extension.type === type)?.data
}

function extension(type: number, write: (writer: ByteWriter) => void): TlsExtension {
  const writer = new ByteWriter()
  write(writer)
  return { type, data: writer.finish() }
}

/** One whose data is empty. */
export function emptyExtension(type: number): TlsExtension {
  return { type, data: Buffer.alloc(0) }
}

function numbers(writer: ByteWriter, list: readonly number[]): void {
  writer.vector(2, (part) => {
    for (const number of list) part.uint16(number)
  })
}

/** RFC 6066 section 3. */
export function serverName(name: string): TlsExtension {
  return extension(EXTENSION.server_name, (writer) =>
    writer.vector(2, (list) =>
      list.uint8(0).vector(2, (host) => host.bytes(Buffer.from(name, 'latin1'))),
    ),
  )
}

export function supportedGroups(groups: readonly number[]): TlsExtension {
  return extension(EXTENSION.supported_groups, (writer) => numbers(writer, groups))
}

/** RFC 8422 section 5.1.2: uncompressed, and both compressed forms. */
export function ecPointFormats(): TlsExtension {
  return { type: EXTENSION.ec_point_formats, data: Buffer.from([3, 0, 1, 2]) }
}

export function signatureAlgorithms(schemes: readonly number[]): TlsExtension {
  return extension(EXTENSION.signature_algorithms, (writer) => numbers(writer, schemes))
}

export function signatureAlgorithmsCert(schemes: readonly number[]): TlsExtension {
  return extension(EXTENSION.signature_algorithms_cert, (writer) => numbers(writer, schemes))
}

export function supportedVersions(versions: readonly number[]): TlsExtension {
  return extension(EXTENSION.supported_versions, (writer) =>
    writer.vector(1, (list) => {
      for (const version of versions) list.uint16(version)
    }),
  )
}

export type KeyShareEntry = { readonly group: number; readonly key: Buffer }

export function keyShare(entries: readonly KeyShareEntry[]): TlsExtension {
  return extension(EXTENSION.key_share, (writer) =>
    writer.vector(2, (list) => {
      for (const { group, key } of entries) list.uint16(group).vector(2, (body) => body.bytes(key))
    }),
  )
}

/** psk_ke 0, psk_dhe_ke 1: RFC 8446 section 4.2.9. */
export function pskKeyExchangeModes(modes: readonly number[]): TlsExtension {
  return { type: EXTENSION.psk_key_exchange_modes, data: Buffer.from([modes.length, ...modes]) }
}

/** RFC 7301. */
export function applicationProtocols(protocols: readonly string[]): TlsExtension {
  return extension(EXTENSION.application_layer_protocol_negotiation, (writer) =>
    writer.vector(2, (list) => {
      for (const name of protocols)
        list.vector(1, (part) => part.bytes(Buffer.from(name, 'latin1')))
    }),
  )
}

/** RFC 5746 section 3.2: empty in the first handshake, the client's Finished in a later one. */
export function renegotiationInfo(verifyData: Buffer): TlsExtension {
  return extension(EXTENSION.renegotiation_info, (writer) =>
    writer.vector(1, (part) => part.bytes(verifyData)),
  )
}

/** RFC 5054 section 2.8.1. */
export function srpUser(name: string): TlsExtension {
  return extension(EXTENSION.srp, (writer) =>
    writer.vector(1, (part) => part.bytes(Buffer.from(name, 'utf8'))),
  )
}

/** RFC 6520 section 2: the peer may send requests. */
export function heartbeat(): TlsExtension {
  return { type: EXTENSION.heartbeat, data: Buffer.from([1]) }
}

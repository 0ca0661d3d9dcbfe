/** CertificateRequest: RFC 8446 section 4.3.2, RFC 5246 section 7.4.4, RFC 4346 section 7.4.4. */
import { ByteReader } from '../../wire/byte-reader.ts'
import { ByteWriter } from '../../wire/byte-writer.ts'
import { refuse } from '../../wire/protocol-error.ts'
import { readNumbers } from './client-hello.ts'
import { findExtension, readTlsExtensions, writeExtensions } from './extensions.ts'
import { EXTENSION, VERSION } from './iana-numbers.ts'

export type CertificateRequest = {
  /** What the answer has to repeat; empty before TLS 1.3. */
  readonly context: Buffer
  /** Types of certificates; TLS 1.3 has none. */
  readonly types: readonly number[]
  /** Signature schemes; there are none before TLS 1.2. */
  readonly schemes: readonly number[]
  /** DER of the names of authorities. */
  readonly authorities: readonly Buffer[]
}

/** @throws ProtocolError */
export function decodeCertificateRequest(body: Buffer, version: number): CertificateRequest {
  const reader = new ByteReader(body, 'a CertificateRequest')
  const request = version >= VERSION.TLS13 ? read13(reader) : readOlder(reader, version)
  reader.end()
  return request
}

function read13(reader: ByteReader): CertificateRequest {
  const context = reader.readVector(1)
  const extensions = readTlsExtensions(reader)
  const schemes = findExtension(extensions, EXTENSION.signature_algorithms)
  const authorities = findExtension(extensions, EXTENSION.certificate_authorities)
  return {
    context,
    types: [],
    schemes: schemes ? readSchemes(new ByteReader(schemes, 'signature_algorithms')) : [],
    authorities: authorities
      ? readNames(new ByteReader(authorities, 'certificate_authorities'))
      : [],
  }
}

function readOlder(reader: ByteReader, version: number): CertificateRequest {
  const types = [...reader.readVector(1)]
  const schemes = version >= VERSION.TLS12 ? readNumbers(reader.readPart(2)) : []
  const authorities = readEach(reader.readPart(2))
  return { context: Buffer.alloc(0), types, schemes, authorities }
}

function readSchemes(reader: ByteReader): readonly number[] {
  const schemes = readNumbers(reader.readPart(2))
  reader.end()
  return schemes
}

function readNames(reader: ByteReader): readonly Buffer[] {
  const names = readEach(reader.readPart(2))
  reader.end()
  return names
}

/** Several times the authorities that a browser trusts. A name may have two bytes: there would be too many. */
const MOST_NAMES = 1024

function readEach(reader: ByteReader): readonly Buffer[] {
  const parts: Buffer[] = []
  while (reader.remaining > 0) {
    if (parts.length === MOST_NAMES) refuse(`${reader.what} with more than ${MOST_NAMES} names`)
    parts.push(reader.readVector(2))
  }
  return parts
}

/** @internal Exported for tests. */
export function encodeCertificateRequest(request: CertificateRequest, version: number): Buffer {
  const writer = new ByteWriter()
  if (version >= VERSION.TLS13) return write13(writer, request)
  writer.vector(1, (part) => part.bytes(Buffer.from(request.types)))
  if (version >= VERSION.TLS12) writeSchemes(writer, request.schemes)
  writeNames(writer, request.authorities)
  return writer.finish()
}

function write13(writer: ByteWriter, request: CertificateRequest): Buffer {
  writer.vector(1, (part) => part.bytes(request.context))
  const schemes = new ByteWriter()
  writeSchemes(schemes, request.schemes)
  const names = new ByteWriter()
  writeNames(names, request.authorities)
  writeExtensions(writer, [
    { type: EXTENSION.signature_algorithms, data: schemes.finish() },
    { type: EXTENSION.certificate_authorities, data: names.finish() },
  ])
  return writer.finish()
}

function writeSchemes(writer: ByteWriter, schemes: readonly number[]): void {
  writer.vector(2, (list) => {
    for (const scheme of schemes) list.uint16(scheme)
  })
}

function writeNames(writer: ByteWriter, names: readonly Buffer[]): void {
  writer.vector(2, (list) => {
    for (const name of names) list.vector(2, (part) => part.bytes(name))
  })
}

/** Certificate: RFC 5246 section 7.4.2, and with a context and extensions RFC 8446 section 4.4.2. */
import { ByteReader } from '../../wire/byte-reader.ts'
import { ByteWriter } from '../../wire/byte-writer.ts'
import { refuse } from '../../wire/protocol-error.ts'

/** DER of each certificate, the server's own first. */
export type CertificateList = readonly Buffer[]

/** More than any chain has; what follows is not kept. */
const LONGEST_CHAIN = 64

/** @throws ProtocolError */
export function decodeCertificate12(body: Buffer): CertificateList {
  const reader = new ByteReader(body, 'a Certificate')
  const list = readList(reader.readPart(3), (entries) => entries.readVector(3))
  reader.end()
  return list
}

/** @throws ProtocolError */
export function decodeCertificate13(body: Buffer): CertificateList {
  const reader = new ByteReader(body, 'a Certificate')
  reader.readVector(1)
  const list = readList(reader.readPart(3), (entries) => {
    const certificate = entries.readVector(3)
    entries.readVector(2)
    return certificate
  })
  reader.end()
  return list
}

function readList(entries: ByteReader, read: (entries: ByteReader) => Buffer): CertificateList {
  const list: Buffer[] = []
  while (entries.remaining > 0) {
    if (list.length === LONGEST_CHAIN) refuse(`a chain of more than ${LONGEST_CHAIN} certificates`)
    list.push(read(entries))
  }
  return list
}

/** @internal Exported for tests. */
export function encodeCertificate12(list: CertificateList): Buffer {
  return new ByteWriter()
    .vector(3, (entries) => {
      for (const certificate of list) entries.vector(3, (part) => part.bytes(certificate))
    })
    .finish()
}

/**
 * @param context That of the CertificateRequest which this answers; empty in a handshake.
 *
 * @internal Exported for tests.
 */
export function encodeCertificate13(list: CertificateList, context = Buffer.alloc(0)): Buffer {
  return new ByteWriter()
    .vector(1, (part) => part.bytes(context))
    .vector(3, (entries) => {
      for (const certificate of list) entries.vector(3, (part) => part.bytes(certificate)).uint16(0)
    })
    .finish()
}

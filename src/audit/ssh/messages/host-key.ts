/**
 * Host keys and their sizes: RFC 4253, section 6.6; RFC 5656, section 3.1; RFC 8709; and OpenSSH's
 * PROTOCOL.certkeys and PROTOCOL.u2f.
 */

import { bitLength } from '../../../wire/bit-length.ts'
import { ByteReader } from '../../../wire/byte-reader.ts'
import { refuse } from '../../../wire/protocol-error.ts'
import { readPositiveNumber, readSshString, readText } from './data-types.ts'

export type HostKey = {
  /** `ssh-rsa`: of RSA keys whatever the signature is. Of a certificate with its suffix. */
  readonly type: string
  /** Null of a type whose form is not known. */
  readonly bits: number | null
  /** Of a certificate: the size of the key that signed it, and its type. */
  readonly authority: { readonly type: string; readonly bits: number | null } | null
}

const CERTIFICATE_SUFFIX = '-cert-v01@openssh.com'

/** Names of curves in keys, and the bits of their order. */
const CURVE_BITS: ReadonlyMap<string, number> = new Map([
  ['nistp256', 256],
  ['nistp384', 384],
  ['nistp521', 521],
])

/** @param blob K_S of a key exchange. */
export function decodeHostKey(blob: Buffer): HostKey {
  const { reader, type } = beginKey(blob)
  if (type.endsWith(CERTIFICATE_SUFFIX)) return decodeCertificate(reader, type)
  return { type, bits: readPlainKey(reader, type), authority: null }
}

function beginKey(blob: Buffer): { readonly reader: ByteReader; readonly type: string } {
  const reader = new ByteReader(blob, 'a host key')
  const type = readText(reader)
  if (!/^[\x21-\x7e]+$/.test(type)) refuse('a host key of a malformed type')
  return { reader, type }
}

/** A key that ends with its fields, if its form is known. */
function readPlainKey(reader: ByteReader, type: string): number | null {
  const bits = readKeySize(reader, type)
  if (bits !== null) reader.end()
  return bits
}

function decodeCertificate(reader: ByteReader, type: string): HostKey {
  const nonce = readSshString(reader)
  if (nonce.length === 0) refuse('a certificate without a nonce')
  const bits = readKeySize(reader, type.slice(0, -CERTIFICATE_SUFFIX.length))
  if (bits === null) return { type, bits, authority: null }
  // Serial number, type, key identifier, principals, validity, critical options, extensions, reserved.
  reader.readBytes(12)
  readSshString(reader)
  readSshString(reader)
  reader.readBytes(16)
  for (let field = 0; field < 3; field++) readSshString(reader)
  const authority = decodeAuthority(readSshString(reader))
  readSshString(reader)
  reader.end()
  return { type, bits, authority }
}

/** There are no chains of certificates. */
function decodeAuthority(blob: Buffer): HostKey['authority'] {
  const { reader, type } = beginKey(blob)
  if (type.endsWith(CERTIFICATE_SUFFIX)) refuse('a certificate signed by another one')
  return { type, bits: readPlainKey(reader, type) }
}

/** Reads the public key of a type; gives its size. */
function readKeySize(reader: ByteReader, type: string): number | null {
  const bits = readPlainKeySize(
    reader,
    type.replace(/^sk-(ssh-)?/, '$1').replace('@openssh.com', ''),
  )
  // The application of a key on a token.
  if (bits !== null && type.startsWith('sk-')) readSshString(reader)
  return bits
}

function readPlainKeySize(reader: ByteReader, type: string): number | null {
  switch (type) {
    case 'ssh-rsa': {
      readPositiveNumber(reader)
      return bitLength(readPositiveNumber(reader))
    }
    case 'ssh-dss': {
      const bits = bitLength(readPositiveNumber(reader))
      for (let field = 0; field < 3; field++) readPositiveNumber(reader)
      return bits
    }
    case 'ssh-ed25519':
      return readFixedKey(reader, 32, 256)
    case 'ssh-ed448':
      return readFixedKey(reader, 57, 456)
    default:
      return type.startsWith('ecdsa-sha2-') ? readCurveKeySize(reader, type) : null
  }
}

function readFixedKey(reader: ByteReader, length: number, bits: number): number {
  const key = readSshString(reader)
  if (key.length !== length) refuse(`a host key of ${key.length} bytes, not ${length}`)
  return bits
}

function readCurveKeySize(reader: ByteReader, type: string): number {
  const curve = readText(reader)
  readSshString(reader)
  const bits = CURVE_BITS.get(curve) ?? refuse('a host key on a curve that is not known')
  if (type !== `ecdsa-sha2-${curve}`) refuse('a host key on another curve than its type says')
  return bits
}

/** The type of the key behind a host key algorithm: three algorithms sign with one RSA key. */
export function keyTypeOf(algorithm: string): string {
  return algorithm.replace(/^rsa-sha2-(256|512)/, 'ssh-rsa')
}

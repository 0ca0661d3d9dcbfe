/**
 * Host keys as their standards write them (RFC 4253, section 6.6; RFC 5656, section 3.1; RFC 8709; OpenSSH's PROTOCOL.u2f
 * and PROTOCOL.certkeys): OpenSSH judges the usual ones, test/interop/audit/ssh.test.ts.
 */
import { describe, expect, test } from 'vitest'
import { decodeHostKey, keyTypeOf } from '../../../../src/audit/ssh/messages/host-key.ts'
import { ProtocolError } from '../../../../src/wire/protocol-error.ts'
import { hostKeyOf, numberOf } from '../scripted-server.ts'

const RSA_FIELDS = [Buffer.of(1, 0, 1), numberOf(2047)]
const POINT = Buffer.alloc(65, 4)
const APPLICATION = Buffer.from('ssh:')
const SUFFIX = '-cert-v01@openssh.com'

/** Fields of the public key of each type, and its size. */
const KEYS: readonly (readonly [type: string, fields: readonly Buffer[], bits: number])[] = [
  ['ssh-rsa', RSA_FIELDS, 2047],
  ['ssh-dss', [numberOf(1023), numberOf(160), numberOf(8), numberOf(9)], 1023],
  ['ssh-ed25519', [Buffer.alloc(32)], 256],
  ['ssh-ed448', [Buffer.alloc(57)], 456],
  ['ecdsa-sha2-nistp256', [Buffer.from('nistp256'), POINT], 256],
  ['ecdsa-sha2-nistp384', [Buffer.from('nistp384'), POINT], 384],
  ['ecdsa-sha2-nistp521', [Buffer.from('nistp521'), POINT], 521],
  ['sk-ssh-ed25519@openssh.com', [Buffer.alloc(32), APPLICATION], 256],
  ['sk-ecdsa-sha2-nistp256@openssh.com', [Buffer.from('nistp256'), POINT, APPLICATION], 256],
]

/** A certificate of a key, signed by another. */
function certificateOf(type: string, fields: readonly Buffer[], signer: Buffer): Buffer {
  const name = `${type.replace('@openssh.com', '')}${SUFFIX}`
  const empty = Buffer.alloc(0)
  return Buffer.concat([
    hostKeyOf(name, Buffer.alloc(32, 1), ...fields),
    // Serial number, type 2 of a host; identifier, principals; validity.
    ...[Buffer.alloc(11), Buffer.of(2), strings(Buffer.from('id'), empty), Buffer.alloc(16)],
    // Critical options, extensions, reserved; key of the authority, signature.
    strings(empty, empty, empty, signer, Buffer.alloc(9)),
  ])
}

/** Each with its length. */
function strings(...fields: readonly Buffer[]): Buffer {
  return hostKeyOf('', ...fields).subarray(4)
}

describe.each(KEYS)('a key of the type %s', (type, fields, bits) => {
  const key = hostKeyOf(type, ...fields)

  test('is read with its size', () => {
    expect(decodeHostKey(key)).toEqual({ type, bits, authority: null })
  })

  test('is refused where it is cut short or goes on', () => {
    for (let length = 0; length < key.length; length++) {
      expect(() => decodeHostKey(key.subarray(0, length)), String(length)).toThrow(ProtocolError)
    }
    expect(() => decodeHostKey(Buffer.concat([key, Buffer.of(0)]))).toThrow(ProtocolError)
  })

  test('is read in a certificate, with the key that signed it', () => {
    const signer = hostKeyOf('ssh-rsa', Buffer.of(3), numberOf(4096))
    const certificate = certificateOf(type, fields, signer)
    expect(decodeHostKey(certificate)).toEqual({
      type: `${type.replace('@openssh.com', '')}${SUFFIX}`,
      bits,
      authority: { type: 'ssh-rsa', bits: 4096 },
    })
    expect(() => decodeHostKey(certificate.subarray(0, -1))).toThrow(ProtocolError)
    expect(() => decodeHostKey(Buffer.concat([certificate, Buffer.of(0)]))).toThrow(ProtocolError)
  })
})

test('a certificate that another certificate signed is refused: there are no chains', () => {
  const key = hostKeyOf('ssh-rsa', Buffer.of(3), numberOf(2048))
  const fields = [Buffer.of(3), numberOf(2048)]
  const signed = certificateOf('ssh-rsa', fields, certificateOf('ssh-rsa', fields, key))
  const error = new ProtocolError('a certificate signed by another one')
  expect(() => decodeHostKey(signed)).toThrow(error)
})

test.each(['ssh-xmss@openssh.com', `ssh-xmss${SUFFIX}`])(
  'a key of the type %s, whose form is not known, has no size',
  (type) => {
    const key = hostKeyOf(type, Buffer.of(1), Buffer.of(2, 3))
    expect(decodeHostKey(key)).toEqual({ type, bits: null, authority: null })
  },
)

test.each([
  ['of 31 bytes', hostKeyOf('ssh-ed25519', Buffer.alloc(31))],
  ['of 33 bytes', hostKeyOf('ssh-ed25519', Buffer.alloc(33))],
  ['of Ed25519 under the name of Ed448', hostKeyOf('ssh-ed448', Buffer.alloc(32))],
  ['without a type', hostKeyOf('', Buffer.alloc(32))],
  ['of a type with a space', hostKeyOf('ssh-ed 25519', Buffer.alloc(32))],
  ['of a type that moves a cursor', hostKeyOf('x\x1b[2J')],
  ['of a type beyond ASCII', hostKeyOf('x\x7f')],
  ['with a negative number', hostKeyOf('ssh-rsa', Buffer.of(3), Buffer.of(0x80))],
  [
    'in a certificate without a nonce',
    hostKeyOf(`ssh-ed25519${SUFFIX}`, Buffer.alloc(0), Buffer.alloc(32)),
  ],
])('a key %s is refused', (_title, key) => {
  expect(() => decodeHostKey(key)).toThrow(ProtocolError)
})

test('algorithms that sign with one key of RSA are of one type', () => {
  const names = ['rsa-sha2-256', 'rsa-sha2-512', 'ssh-rsa', 'rsa-sha2-1024', 'x-rsa-sha2-256']
  expect(names.map(keyTypeOf)).toEqual([
    'ssh-rsa',
    'ssh-rsa',
    'ssh-rsa',
    'rsa-sha2-1024',
    'x-rsa-sha2-256',
  ])
  expect(keyTypeOf(`rsa-sha2-512${SUFFIX}`)).toBe(`ssh-rsa${SUFFIX}`)
})

test('a key on another curve than its type says is refused', () => {
  for (const type of ['ecdsa-sha2-nistp256', 'sk-ecdsa-sha2-nistp256@openssh.com']) {
    const key = hostKeyOf(type, Buffer.from('nistp384'), Buffer.alloc(97, 4), APPLICATION)
    const error = new ProtocolError('a host key on another curve than its type says')
    expect(() => decodeHostKey(key)).toThrow(error)
  }
})

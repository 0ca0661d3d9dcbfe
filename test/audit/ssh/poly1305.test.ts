import { createCipheriv } from 'node:crypto'
import { expect, test } from 'vitest'
import { poly1305 } from '../../../src/audit/ssh/poly1305.ts'
import { fc } from '../../seed.ts'

test('the example of RFC 8439, section 2.5.2', () => {
  const key = '85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b'
  const message = Buffer.from('Cryptographic Forum Research Group')
  const code = 'a8061dc1305136c6c22b8baf0c0127a9'
  expect(poly1305(message, Buffer.from(key, 'hex')).toString('hex')).toBe(code)
})

test("the tag of OpenSSL's ChaCha20-Poly1305 comes out", () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
  fc.assert(
    fc.property(bytes(32), bytes(12), fc.uint8Array({ maxLength: 70 }), (key, nonce, text) => {
      const sealing = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 })
      const sealed = Buffer.concat([sealing.update(text), sealing.final()])
      const codeKey = createCipheriv('chacha20', key, Buffer.concat([Buffer.alloc(4), nonce]))
      const lengths = Buffer.alloc(16)
      lengths.writeBigUInt64LE(BigInt(sealed.length), 8)
      const padding = Buffer.alloc((16 - (sealed.length % 16)) % 16)
      const message = Buffer.concat([sealed, padding, lengths])
      expect(poly1305(message, codeKey.update(Buffer.alloc(32)))).toEqual(sealing.getAuthTag())
    }),
  )
})

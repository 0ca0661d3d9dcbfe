/** Key exchanges modulo a prime, against OpenSSL's groups: OpenSSH judges those that it has, test/interop/audit/ssh.test.ts. */
import { getDiffieHellman } from 'node:crypto'
import { expect, test } from 'vitest'
import { KEY_EXCHANGE_METHODS } from '../../../src/audit/ssh/key-agreement.ts'

/** RFC 4253, sections 8.1 and 8.2; RFC 8268, section 3. The numbers of RFC 3526 are in OpenSSL's names too. */
test.each([
  ['diffie-hellman-group1-sha1', 'modp2', 'sha1'],
  ['diffie-hellman-group14-sha1', 'modp14', 'sha1'],
  ['diffie-hellman-group14-sha256', 'modp14', 'sha256'],
  ['diffie-hellman-group15-sha512', 'modp15', 'sha512'],
  ['diffie-hellman-group16-sha512', 'modp16', 'sha512'],
  ['diffie-hellman-group17-sha512', 'modp17', 'sha512'],
  ['diffie-hellman-group18-sha512', 'modp18', 'sha512'],
])('%s agrees in the group %s and hashes with %s', (name, group, hash) => {
  const method = KEY_EXCHANGE_METHODS.get(name)
  expect(method).toMatchObject({ hash, shareForm: 'number' })
  const own = method?.begin((size) => Buffer.alloc(size, 0xa5))
  const peer = getDiffieHellman(group)
  const share = peer.generateKeys()
  const secret = peer.computeSecret(own?.share ?? '')
  // K as a number: its length, a zero where the first bit is set, no other zeros in front.
  const digits = BigInt(`0x${secret.toString('hex')}`).toString(16)
  const even = digits.padStart(digits.length + (digits.length % 2), '0')
  const number = Number.parseInt(even.slice(0, 2), 16) >= 0x80 ? `00${even}` : even
  const length = (number.length / 2).toString(16).padStart(8, '0')
  expect(own?.agree(share).toString('hex')).toBe(`${length}${number}`)
})

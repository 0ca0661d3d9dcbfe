/** Security levels: the sizes of SSL_CTX_set_security_level(3), and what openssl itself leaves out. */
import { expect, test } from 'vitest'
import { NOTHING_ALLOWED } from '../../../src/algorithms/allowed-tls.ts'
import { OPENSSL_SECURITY_LEVELS } from '../../../src/algorithms/openssl-security-bits.ts'
import { TLS_GROUPS } from '../../../src/algorithms/tls-groups.ts'
import { TLS_SUITES } from '../../../src/algorithms/tls-suites.ts'
import { TLS_VERSIONS } from '../../../src/algorithms/tls-versions.ts'
import { convertFromOpenssl } from '../../../src/priority/convert/from-openssl.ts'
import {
  keySizesAt,
  refusalsAt,
  requiredLevel,
} from '../../../src/priority/convert/openssl-level.ts'
import { allowedTls } from '../../../src/priority/evaluate.ts'
import { requirePriority } from '../../../src/priority/failure/failure-diagnostics.ts'
import { runFile } from '../../cli/command.ts'
import { testWith } from '../../peers/peer.ts'

test.each([
  [0, 0, 0],
  [1, 0, 1],
  [1024, 160, 1],
  [1025, 160, 2],
  [1024, 161, 2],
  [2048, 224, 2],
  [2048, 256, 3],
  [3072, 256, 3],
  [7680, 384, 4],
  [7681, 384, 5],
  // GnuTLS asks for 8192 at the strength for which OpenSSL asks for 7680.
  [8192, 384, 4],
  [8192, 512, 5],
  [15360, 512, 5],
  // No level is enough.
  [15361, 512, 5],
  [15360, 571, 5],
])('RSA keys of %i bits and curves of %i bits need level %i', (rsa, ec, level) => {
  const minimumKeySizes = { rsa, ec, dsa: 0, dh: 0 }
  const versions = TLS_VERSIONS.filter(({ name }) => name === 'TLS1.3')
  expect(requiredLevel({ ...NOTHING_ALLOWED, versions, minimumKeySizes }).level).toBe(level)
})

test.each([
  ['shared keys', ['PSK', 'ECDHE-PSK'], 0],
  ['shared keys with an exchange of primes', ['PSK', 'DHE-PSK'], 2],
  ['certificates', ['PSK', 'ECDHE-RSA'], 2],
])('%s before TLS 1.3 need level %3$i', (_, exchanges, level) => {
  const suites = TLS_SUITES.filter(({ keyExchange = '' }) => exchanges.includes(keyExchange))
  const minimumKeySizes = { rsa: 2048, ec: 224, dsa: 2048, dh: 2048 }
  expect(requiredLevel({ ...NOTHING_ALLOWED, suites, minimumKeySizes }).level).toBe(level)
})

test('a level asks DSA keys and primes for what it asks RSA keys for; 1024 bits at the least', () => {
  const sizes = OPENSSL_SECURITY_LEVELS.map(keySizesAt)
  expect(sizes.map(({ rsa, dsa, dh, ec }) => [rsa, dsa, dh, ec])).toEqual([
    [0, 0, 1024, 0],
    [1024, 1024, 1024, 160],
    [2048, 2048, 2048, 224],
    [3072, 3072, 3072, 256],
    [7680, 7680, 7680, 384],
    [15360, 15360, 15360, 512],
  ])
})

function refusedAt(level: number, dh = 0): ReturnType<typeof refusalsAt> {
  const row = OPENSSL_SECURITY_LEVELS[level]
  if (!row) throw new Error(`no level ${level}`)
  const minimumKeySizes = { ...NOTHING_ALLOWED.minimumKeySizes, dh }
  return refusalsAt(row, { ...NOTHING_ALLOWED, minimumKeySizes })
}

test('what a level refuses of versions and groups', () => {
  const versions = (level: number) =>
    TLS_VERSIONS.filter(refusedAt(level).isRefused).map(({ name }) => name)
  expect(versions(0)).toEqual([])
  expect(versions(1)).toEqual(expect.arrayContaining(['SSL3.0', 'TLS1.0', 'TLS1.1']))
  expect(versions(5)).not.toContain('TLS1.2')
  const groups = (level: number) =>
    TLS_GROUPS.filter(refusedAt(level).isRefused).map(({ name }) => name)
  expect(groups(0)).toEqual([])
  expect(groups(3)).toContain('ffdhe2048')
  expect(groups(3)).not.toContain('x25519')
  expect(groups(4)).toEqual(expect.arrayContaining(['x25519', 'secp256r1', 'ffdhe6144']))
  expect(groups(4)).not.toContain('secp384r1')
  expect(refusedAt(3).because).toContain('security level 3')
})

test('the prime counts that the string asks for, where that is longer', () => {
  const suite = TLS_SUITES.find(({ name }) => name === 'TLS_DHE_RSA_WITH_AES_256_GCM_SHA384')
  if (!suite) throw new Error('no such suite')
  expect(refusedAt(0).isRefused(suite)).toBe(false)
  expect(refusedAt(2, 2048).isRefused(suite)).toBe(false)
  expect(refusedAt(4, 7680).isRefused(suite)).toBe(false)
  expect(refusedAt(5, 15360).isRefused(suite)).toBe(false)
  // A prime of the level's own size is there at least.
  expect(refusedAt(3, 1024).isRefused(suite)).toBe(false)
})

testWith('openssl', 'TLS 1.3 has the suites that openssl has at a level', () => {
  for (const level of [0, 1, 2, 3, 4, 5]) {
    const list = `HIGH:@SECLEVEL=${level}`
    const { stdout } = runFile('openssl', ['ciphers', '-s', '-tls1_3', list])
    const { text } = convertFromOpenssl({ name: 'list', text: list })
    const { suites } = allowedTls(requirePriority({ name: 'test', text }))
    const ours = suites.filter(({ keyExchange }) => !keyExchange).map(({ name }) => name)
    expect(ours.toSorted(), list).toEqual(stdout.trim().split(':').toSorted())
  }
})

/** Chains of certificates, as they were sent. */
import { createHash, X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { chainsOf } from '../../../src/audit/probes/chains.ts'
import { probeSuites } from '../../../src/audit/probes/suites.ts'
import { CERTIFICATE } from '../../fuzz/keyed-server.ts'
import { type Identity, type KeyKind, makeIdentity } from '../../tls/certificates.ts'
import { scripted } from '../scripted/server.ts'

const der = ({ certificate }: Identity) => new X509Certificate(certificate).raw

async function chains(certificates: (suite: number) => readonly Buffer[]) {
  const { server } = scripted({
    ...{ versions: [0x0303], suites: [0x009c, 0xc02b], groups: [29], schemes: [0x0804] },
    certificates,
  })
  await probeSuites(server, 0x0303, 'TLS1.2')
  return chainsOf(server)
}

const CA = makeIdentity('Chain CA', 'ec-P-256')
const LEAF = makeIdentity('server.example', 'rsa-2048', CA)

// What it holds was printed by OpenSSL; names stand in the order that GnuTLS and QEMU have.
test('a certificate with names of many kinds', async () => {
  expect(await chains(() => [CERTIFICATE])).toEqual([
    {
      ...{ isInOrder: true, unreadable: [] },
      certificates: [
        {
          subject: 'C=DE,O=Example,CN=server.example',
          issuer: 'C=DE,O=Example,CN=server.example',
          isSelfSigned: true,
          serial: '099c17f9677a1799ca737e45f013f415bb69bfdf',
          notBefore: '2026-11-27T19:07:05.000Z',
          notAfter: '2036-11-24T19:07:05.000Z',
          ...{ keyType: 'ed25519', keyBits: null, curve: null },
          signatureAlgorithm: 'EdDSA-Ed25519',
          names: ['server.example', '192.0.2.1', 'https://server.example/', 'a@server.example'],
          fingerprint: createHash('sha256').update(CERTIFICATE).digest('hex'),
        },
      ],
    },
  ])
})

describe('keys', () => {
  test.each<[KeyKind, string, number | null, string | null]>([
    ['rsa-2048', 'rsa', 2048, null],
    ['rsa-pss-2048', 'rsa-pss', 2048, null],
    ['ec-P-256', 'ec', 256, 'prime256v1'],
    ['ec-P-384', 'ec', 384, 'secp384r1'],
    ['ec-P-521', 'ec', 521, 'secp521r1'],
    ['ed448', 'ed448', null, null],
  ])('%s', async (kind, keyType, keyBits, curve) => {
    const [chain] = await chains(() => [der(makeIdentity('key.example', kind))])
    expect(chain?.certificates[0]).toMatchObject({ keyType, keyBits, curve })
  })
})

test('each key has a chain of its own, which is told once, in the order in which it was seen', async () => {
  const other = makeIdentity('server.example', 'ec-P-384', CA)
  const found = await chains((suite) => [der(suite === 0x009c ? LEAF : other), der(CA)])
  expect(found.map(({ certificates }) => certificates.map(({ keyType }) => keyType))).toEqual([
    ['rsa', 'ec'],
    ['ec', 'ec'],
  ])
})

test('chains with the same certificate in front are two', async () => {
  const found = await chains((suite) => (suite === 0x009c ? [der(LEAF)] : [der(LEAF), der(CA)]))
  expect(found.map(({ certificates }) => certificates.length)).toEqual([1, 2])
})

test('an order is one where each certificate is followed by that of its issuer', async () => {
  const inOrder = async (...list: readonly Identity[]) =>
    (await chains(() => list.map(der)))[0]?.isInOrder
  const other = makeIdentity('Other CA', 'ec-P-256')
  expect(await inOrder(LEAF, CA)).toBe(true)
  expect(await inOrder(LEAF)).toBe(true)
  expect(await inOrder(LEAF, other)).toBe(false)
  expect(await inOrder(LEAF, CA, other)).toBe(false)
})

test('a certificate is self-signed where its own key has signed it, whatever the names are', async () => {
  const namesake = makeIdentity('Chain CA', 'ec-P-384', CA)
  const [chain] = await chains(() => [LEAF, namesake, CA].map(der))
  expect(chain?.certificates.map((one) => [one.isSelfSigned, one.subject === one.issuer])).toEqual([
    [false, false],
    [false, true],
    [true, true],
  ])
})

test('what cannot be read is told by its place, and the rest is read', async () => {
  const rubbish = Buffer.from('3003020101', 'hex')
  const [chain] = await chains(() => [der(LEAF), rubbish, der(CA)])
  expect(chain).toMatchObject({ unreadable: [1], isInOrder: true })
  expect(chain?.certificates).toHaveLength(2)
})

test('a server without certificates shows no chain', async () => {
  expect(await chains(() => [])).toEqual([])
})

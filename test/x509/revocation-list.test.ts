/** When a list was made and when the next is due, as openssl reads it too. */
import { constants, sign, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type DerElement, readElements } from '../../src/asn1/der.ts'
import { certificateOf } from '../../src/x509/certificate.ts'
import {
  findRevocation,
  isListSignedBy,
  parseRevocationLists,
  type RevocationList,
} from '../../src/x509/revocation-list.ts'
import { runFile, scratchFolder, writeFiles } from '../cli/command.ts'
import { refusal } from '../diagnostic-code.ts'
import { testWith } from '../peers/peer.ts'
import { element, integer, oid, pem, sequence } from '../tls/certificates.ts'
import { AUTHORITY, ENDPOINT, encodeName, type Made, make, makeList } from './made-certificate.ts'

const signer = make({ subject: 'root', ...AUTHORITY })

function parse(text: string): RevocationList {
  const [list] = parseRevocationLists({ name: 'ca-crl.pem', text })
  if (!list) throw new Error('there is no list')
  return list
}

function read({ raw }: Made) {
  return certificateOf(new X509Certificate(raw), { file: 'ca', index: 0 })
}

function elementOf(bytes: Buffer): DerElement {
  const [first] = readElements(bytes)
  if (!first) throw new Error('there is no element')
  return first
}

test.each([2030, 2060])('the times of a list of %d', (year) => {
  const text = makeList({ signer, revoked: [1], at: Date.UTC(year, 2, 3, 4, 5, 6) })
  const [list] = parseRevocationLists({ name: 'ca-crl.pem', text })
  expect(list?.thisUpdate.toISOString()).toBe(`${year}-03-01T04:05:06.000Z`)
  expect(list?.nextUpdate?.toISOString()).toBe(`${year}-03-04T04:05:06.000Z`)
})

describe('a list is vouched for by the key of its issuer alone', () => {
  test.each(['ec-prime256v1', 'rsa-2048', 'rsa-pss-2048', 'ed25519'] as const)('of %s', (key) => {
    const issuer = make({ subject: 'issuer', key, ...AUTHORITY })
    const namesake = make({ subject: 'issuer', key, ...AUTHORITY })
    const list = parse(makeList({ signer: issuer, revoked: [1] }))
    expect(isListSignedBy(list, read(issuer))).toBe(true)
    expect(isListSignedBy(list, read(namesake))).toBe(false)
    expect(isListSignedBy(list, read(signer))).toBe(false)
    const changed = Buffer.from(list.signed.body)
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
    expect(
      isListSignedBy({ ...list, signed: { ...list.signed, body: changed } }, read(issuer)),
    ).toBe(false)
  })

  test('and never where the algorithm of its signature is not known', () => {
    const list = parse(makeList({ signer, revoked: [1] }))
    const algorithm = elementOf(sequence(oid('2a0304')))
    expect(isListSignedBy({ ...list, signed: { ...list.signed, algorithm } }, read(signer))).toBe(
      false,
    )
  })
})

/** RFC 4055 section 3.1: the fields of the parameters have the tags 0 to 2, and SHA-1 is the default. */
describe('a list of a plain RSA key that is signed with RSA-PSS', () => {
  const issuer = make({ subject: 'issuer', key: 'rsa-2048', ...AUTHORITY })
  const list = parse(makeList({ signer: issuer, revoked: [1] }))
  const { body } = list.signed
  const hashField = (arc: number) =>
    element(0xa0, sequence(oid(`60864801650304020${arc}`), element(0x05)))
  const salt = element(0xa2, integer(32))
  const padding = constants.RSA_PKCS1_PSS_PADDING
  const isGood = (hash: string, how: object, ...fields: readonly Buffer[]) => {
    const signature = sign(hash, body, { key: issuer.privateKey, ...how })
    const algorithm = elementOf(sequence(oid('2a864886f70d01010a'), sequence(...fields)))
    return isListSignedBy({ ...list, signed: { body, algorithm, signature } }, read(issuer))
  }

  test.each([
    ['sha256', 1],
    ['sha384', 2],
    ['sha512', 3],
  ])('is vouched for with %s, and with no other hash or padding', (hash, arc) => {
    expect(isGood(hash, { padding, saltLength: 32 }, hashField(arc), salt)).toBe(true)
    expect(isGood(hash, { padding, saltLength: 20 }, hashField(arc))).toBe(true)
    expect(isGood(hash, {}, hashField(arc), salt)).toBe(false)
    expect(isGood(hash, { padding }, hashField(arc === 3 ? 1 : arc + 1), salt)).toBe(false)
  })

  test('is not with SHA-1, which is meant where no hash is named', () => {
    expect(isGood('sha1', { padding, saltLength: 20 })).toBe(false)
    expect(isGood('sha256', { padding, saltLength: 32 }, salt)).toBe(false)
    expect(isGood('sha1', { padding, saltLength: 20 }, salt)).toBe(false)
  })
})

describe('the parts of a list (RFC 5280 section 5.1)', () => {
  const [version, algorithm] = [integer(1), sequence(oid('2a864886f70d01010b'), element(0x05))]
  const name = encodeName('issuer')
  const utc = (text: string) => element(0x17, Buffer.from(text))
  const [now, next] = [utc('260101000000Z'), utc('270203040506Z')]
  const entry = (...parts: readonly Buffer[]) => sequence(...parts, now)
  const numbered = (number: Buffer) =>
    element(0xa0, sequence(sequence(oid('551d14'), element(0x04, number))))
  const other = element(0xa0, sequence(sequence(oid('551d23'), element(0x04, sequence()))))
  const whole = (...fields: readonly Buffer[]) =>
    pem(sequence(sequence(...fields), algorithm, element(0x03, Buffer.from([0, 7]))), 'X509 CRL')
  const [first, second] = [entry(integer(0x80)), entry(integer(0x0abc), sequence())]
  const facts = (...fields: readonly Buffer[]) => {
    const { issuer, thisUpdate, nextUpdate, number, revoked } = parse(whole(...fields))
    const times = [thisUpdate, nextUpdate].map((time) => time?.toISOString().slice(0, 10))
    return [issuer, ...times, number, [...revoked].join(' ')]
  }
  const [from, due] = ['2026-01-01', '2027-02-03']

  test.each([
    [
      'all of them',
      [version, algorithm, name, now, next, sequence(first, second), numbered(integer(300))],
      [due, 300n, '80 ABC'],
    ],
    ['no certificate', [version, algorithm, name, now, next, numbered(integer(0))], [due, 0n, '']],
    [
      'no newer list',
      [version, algorithm, name, now, sequence(first)],
      [undefined, undefined, '80'],
    ],
    ['version 1', [algorithm, name, now, next, sequence(second)], [due, undefined, 'ABC']],
    ['no more than the time', [algorithm, name, now], [undefined, undefined, '']],
    ['another extension', [version, algorithm, name, now, next, other], [due, undefined, '']],
    [
      'no number in its bytes',
      [algorithm, name, now, numbered(bytesOf('0200'))],
      [undefined, 0n, ''],
    ],
  ])('%s', (_, fields, expected) => {
    expect(facts(...fields)).toEqual(['CN=issuer', from, ...expected])
  })

  test.each([
    ['without a time', [version, algorithm, name]],
    ['without an issuer', [version, algorithm]],
    ['an issuer that is no name', [version, algorithm, element(0x31), now]],
    ['an entry without a number', [algorithm, name, now, sequence(sequence(now))]],
    ['an entry that is none', [algorithm, name, now, sequence(integer(1))]],
    ['a number that is none', [algorithm, name, now, numbered(element(0x05))]],
  ])('refused: %s', (_, fields) => {
    expect(() => parse(whole(...fields))).toThrow(refusal('TLS_REVOCATION_LIST_MALFORMED'))
  })

  test('refused: without a signature, or with one that is no bit string', () => {
    const body = sequence(algorithm, name, now)
    for (const rest of [[], [algorithm], [algorithm, sequence()], [integer(1), element(0x03)]]) {
      const text = pem(sequence(body, ...rest), 'X509 CRL')
      expect(() => parse(text)).toThrow(refusal('TLS_REVOCATION_LIST_MALFORMED'))
    }
  })
})

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex, 'hex')
}

test('a certificate is revoked by its number and the name of its issuer, and by nothing else', () => {
  const end = make({ subject: 'end', issuer: signer, ...ENDPOINT })
  const { serial } = end
  const listOf = (description: object) =>
    parse(makeList({ signer, revoked: [serial], ...description }))
  const isRevoked = (...lists: readonly RevocationList[]) => findRevocation(read(end), lists)
  const [good, others, elsewhere] = [
    listOf({}),
    listOf({ revoked: [serial ^ 1, serial + 256] }),
    listOf({ name: 'Root' }),
  ]
  expect(isRevoked()).toBeUndefined()
  expect(isRevoked(good)).toBe(good)
  expect(isRevoked(others, elsewhere)).toBeUndefined()
  expect(isRevoked(others, elsewhere, good)).toBe(good)
})

testWith('openssl', 'openssl reads the same times', () => {
  const text = makeList({ signer, revoked: [1], at: Date.UTC(2030, 2, 3, 4, 5, 6) })
  const folder = scratchFolder()
  writeFiles(folder, { 'crl.pem': text })
  const args = ['crl', '-in', join(folder, 'crl.pem'), '-noout', '-lastupdate', '-nextupdate']
  const { stdout } = runFile('openssl', args)
  const times = [...stdout.matchAll(/Update=(.*)$/gm)].map(([, time = '']) => new Date(time))
  const [list] = parseRevocationLists({ name: 'ca-crl.pem', text })
  expect(times).toEqual([list?.thisUpdate, list?.nextUpdate])
})

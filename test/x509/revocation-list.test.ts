/** When a list was made and when the next is due, as openssl reads it too. */
import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readElements } from '../../src/asn1/der.ts'
import { certificateOf } from '../../src/x509/certificate.ts'
import {
  isListSignedBy,
  parseRevocationLists,
  type RevocationList,
} from '../../src/x509/revocation-list.ts'
import { runFile, scratchFolder, writeFiles } from '../cli/command.ts'
import { testWith } from '../peers/peer.ts'
import { oid, sequence } from '../tls/certificates.ts'
import { AUTHORITY, type Made, make, makeList } from './made-certificate.ts'

const signer = make({ subject: 'root', ...AUTHORITY })

test.each([2030, 2060])('the times of a list of %d', (year) => {
  const text = makeList({ signer, revoked: [1], at: Date.UTC(year, 2, 3, 4, 5, 6) })
  const [list] = parseRevocationLists({ name: 'ca-crl.pem', text })
  expect(list?.thisUpdate.toISOString()).toBe(`${year}-03-01T04:05:06.000Z`)
  expect(list?.nextUpdate?.toISOString()).toBe(`${year}-03-04T04:05:06.000Z`)
})

describe('a list is vouched for by the key of its issuer alone', () => {
  const parse = (text: string): RevocationList => {
    const [list] = parseRevocationLists({ name: 'ca-crl.pem', text })
    if (!list) throw new Error('there is no list')
    return list
  }
  const read = ({ raw }: Made) => certificateOf(new X509Certificate(raw), { file: 'ca', index: 0 })

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
    const [algorithm] = readElements(sequence(oid('2a0304')))
    if (!algorithm) throw new Error('there is no algorithm')
    expect(isListSignedBy({ ...list, signed: { ...list.signed, algorithm } }, read(signer))).toBe(
      false,
    )
  })
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

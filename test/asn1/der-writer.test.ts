import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readElements, readObjectIdentifier, readTime } from '../../src/asn1/der.ts'
import {
  bitString,
  boolean,
  encodeElement,
  explicit,
  implicit,
  integer,
  nullValue,
  objectIdentifier,
  octetString,
  sequenceOf,
  setOf,
  time,
  unsignedInteger,
  utf8String,
} from '../../src/asn1/der-writer.ts'
import { execFileSync } from '../peers/child-process.ts'
import { hasPeer } from '../peers/peer.ts'
import { fc } from '../seed.ts'

/** What is written, and OpenSSL's words for the same (ASN1_generate_nconf). */
const SAME: readonly (readonly [words: string, bytes: Buffer])[] = [
  ['BOOLEAN:TRUE', boolean(true)],
  ['BOOLEAN:FALSE', boolean(false)],
  ['NULL', nullValue()],
  ['INTEGER:0', unsignedInteger(0)],
  ['INTEGER:127', unsignedInteger(127)],
  ['INTEGER:128', unsignedInteger(128)],
  ['INTEGER:0xFFFFFFFFFFFFFFFF', unsignedInteger(2n ** 64n - 1n)],
  ['INTEGER:-1', integer(Buffer.from('ffffff', 'hex'))],
  ['INTEGER:-129', integer(Buffer.from('ffff7f', 'hex'))],
  ['OID:1.2.840.113549.1.1.11', objectIdentifier('1.2.840.113549.1.1.11')],
  ['OID:2.999.36893488147419103233', objectIdentifier('2.999.36893488147419103233')],
  ['OID:0.39', objectIdentifier('0.39')],
  ['FORMAT:HEX,OCTETSTRING:00ff10', octetString(Buffer.from('00ff10', 'hex'))],
  ['FORMAT:HEX,BITSTRING:00ff10', bitString(Buffer.from('00ff10', 'hex'))],
  ['FORMAT:UTF8,UTF8String:Bücher', utf8String('Bücher')],
  ['UTCTIME:491231235959Z', time(new Date('2049-12-31T23:59:59.999Z'))],
  ['GENERALIZEDTIME:20500101000000Z', time(new Date('2050-01-01T00:00:00Z'))],
  ['EXPLICIT:3,INTEGER:1', explicit(3, unsignedInteger(1))],
  ['IMPLICIT:2,FORMAT:ASCII,OCTETSTRING:host', implicit(2, Buffer.from('host'))],
  [`OCTETSTRING:${'x'.repeat(200)}`, octetString(Buffer.alloc(200, 'x'))],
  [`OCTETSTRING:${'x'.repeat(70_000)}`, octetString(Buffer.alloc(70_000, 'x'))],
]

describe.skipIf(!hasPeer('openssl'))('writes what OpenSSL writes [openssl]', () => {
  test('sequences of every type', () => {
    expect(sequenceOf(...SAME.map(([, bytes]) => bytes))).toEqual(askOpenssl('SEQUENCE'))
  })

  test('sets in the order of their bytes', () => {
    expect(setOf(...SAME.map(([, bytes]) => bytes).toReversed())).toEqual(askOpenssl('SET'))
  })
})

function askOpenssl(type: string): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'der-'))
  const [config, out] = [join(folder, 'config'), join(folder, 'out')]
  const fields = SAME.map(([words], at) => `field${at} = ${words}\n`).join('')
  writeFileSync(config, `asn1 = ${type}:all\n[all]\n${fields}`)
  execFileSync('openssl', ['asn1parse', '-genconf', config, '-noout', '-out', out], {
    timeout: 30_000,
  })
  return readFileSync(out)
}

test('what is written is read', () => {
  const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0x1e }), fc.array(bytes), (tag, parts) => {
      const [element, ...others] = readElements(encodeElement(tag, ...parts))
      expect(others).toEqual([])
      expect(element).toMatchObject({ tag, body: Buffer.concat(parts) })
    }),
  )
  const arc = fc.bigInt({ min: 0n, max: 2n ** 80n })
  fc.assert(
    fc.property(fc.array(arc, { maxLength: 5 }), (arcs) => {
      const dotted = ['2', '5', ...arcs].join('.')
      const [element] = readElements(objectIdentifier(dotted))
      expect(element && readObjectIdentifier(element)).toBe(dotted)
    }),
  )
  const [day] = readElements(time(new Date('1969-07-20T20:17:40Z')))
  expect(readTime(day)).toEqual(new Date('1969-07-20T20:17:40Z'))
})

test.each(['', '1', '3.1', '1.40', '1.02', '1.-1', '1.2.x'])('%j is no identifier', (dotted) => {
  expect(() => objectIdentifier(dotted)).toThrow(RangeError)
})

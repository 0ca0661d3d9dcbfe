import { join } from 'node:path'
import { expect, test } from 'vitest'
import { canonicalName } from '../../src/x509/canonical-name.ts'
import { readDirectoryString } from '../../src/x509/directory-string.ts'
import { printName } from '../../src/x509/distinguished-name.ts'
import { runFile, scratchFolder, writeFiles } from '../cli/command.ts'
import { testWith } from '../peers/peer.ts'
import { type Attribute, encodeName, make } from './made-certificate.ts'

const [CN, UTF8, PRINTABLE] = ['2.5.4.3', 0x0c, 0x13]
const UTF32 = Buffer.from('00000061000000e90001f600', 'hex')
const bmp = Buffer.from('é中', 'utf16le').swap16()

function one(
  value: string | Buffer,
  tag = UTF8,
  identifier = CN,
): readonly (readonly Attribute[])[] {
  return [[[identifier, tag, Buffer.from(value as string)]]]
}

/** The text is what certtool 3.7.9 prints; of several relative names it turns the order. */
const NAMES: readonly (readonly [text: string, name: readonly (readonly Attribute[])[]])[] = [
  ['C=UK,CN=qemu', [...one('UK', PRINTABLE, '2.5.4.6'), ...one('qemu')]],
  ['CN=evil\\,CN=qemu', one('evil,CN=qemu')],
  ['CN=\\ a\\+\\"\\\\\\<\\>\\;#\\ ', one(' a+"\\<>;# ')],
  ['CN=\\#x', one('#x')],
  ['CN=\\ ', one(' ')],
  ['CN==a=b', one('=a=b')],
  [
    'O=O+OU=U,CN=x',
    [[...one('O', UTF8, '2.5.4.10')[0]!, ...one('U', UTF8, '2.5.4.11')[0]!], ...one('x')],
  ],
  ['1.2.3.4=#0c0178', one('x', UTF8, '1.2.3.4')],
  ['CN=é中', one(bmp, 0x1e)],
  ['CN=\\#00000061000000e90001f600', one(UTF32, 0x1c)],
  ['CN=ascii', one('ascii', 0x14)],
  ['CN=\\#e941', one(Buffer.from([0xe9, 0x41]), 0x14)],
  ['CN=#1603696135', one('ia5', 0x16)],
  ['C=#0c02554b', one('UK', UTF8, '2.5.4.6')],
  ['CN=#0c03610062', one('a\0b')],
  ['CN=#0c0241ff', one(Buffer.from([0x41, 0xff]))],
  ['EMAIL=a@b', one('a@b', 0x16, '1.2.840.113549.1.9.1')],
  ['', []],
]

test.each(NAMES)('prints %s', (text, name) => {
  expect(printName(encodeName(name))).toBe(text)
})

test('refuses a name that is none', () => {
  expect(() => printName(Buffer.from([0x30, 0x03, 0x31, 0x05, 0x30]))).toThrow(RangeError)
})

const DIRECTORY_STRINGS = [
  ...['2.5.4.9', '2.5.4.12', '2.5.4.10', '2.5.4.11', '2.5.4.3', '2.5.4.7', '2.5.4.8', '2.5.4.13'],
  ...[
    '2.5.4.4',
    '2.5.4.43',
    '2.5.4.44',
    '2.5.4.42',
    '2.5.4.65',
    '2.5.4.17',
    '2.5.4.41',
    '2.5.4.15',
  ],
  ...['0.9.2342.19200300.100.1.1', '1.2.840.113556.1.4.656', '1.3.6.1.5.5.7.8.5'],
  ...['1.3.6.1.4.1.311.60.2.1.1', '1.3.6.1.4.1.311.60.2.1.2', '1.2.840.113549.1.9.7'],
].map((identifier) => [identifier, UTF8] as const)

const PRINTABLE_ONLY = [
  ...['2.5.4.6', '2.5.4.5', '2.5.4.20', '2.5.4.46', '1.3.6.1.4.1.311.60.2.1.3'],
].map((identifier) => [identifier, PRINTABLE] as const)

const OTHER_STRINGS = [
  ['0.9.2342.19200300.100.1.25', 0x16],
  ['1.2.840.113549.1.9.1', 0x16],
  ['1.2.643.100.1', 0x12],
  ['1.2.643.100.3', 0x12],
  ['1.2.643.100.5', 0x12],
  ['1.2.643.3.131.1.1', 0x12],
  ['1.2.840.113549.1.9.20', 0x1e],
] as const

/** The digit where a character has several bytes, by the tag. */
const ONE = new Map([
  [0x1c, '00000031'],
  [0x1e, '0031'],
])

/** Each attribute with its own string, and each one with those of the others. */
const EVERY_ATTRIBUTE = [...DIRECTORY_STRINGS, ...PRINTABLE_ONLY, ...OTHER_STRINGS].flatMap(
  ([identifier, own]) =>
    [...new Set([own, UTF8, PRINTABLE, 0x12, 0x14, 0x16, 0x1a, 0x1c, 0x1e])].map(
      (tag): readonly Attribute[] => [[identifier, tag, Buffer.from(ONE.get(tag) ?? '31', 'hex')]],
    ),
)

testWith('certtool', 'GnuTLS prints each attribute by the same word, of the same strings', () => {
  const folder = scratchFolder()
  writeFiles(folder, { 'x.pem': make({ subject: EVERY_ATTRIBUTE }).certificate })
  const { stdout } = runFile('certtool', ['-i', '--infile', join(folder, 'x.pem')])
  const [, subject = ''] = /^\tSubject: (.*)$/m.exec(stdout) ?? []
  expect(subject.split(',').toReversed().join(',\n')).toBe(
    printName(encodeName(EVERY_ATTRIBUTE)).replaceAll(',', ',\n'),
  )
})

const wide = (...points: readonly number[]) => {
  const bytes = Buffer.alloc(points.length * 4)
  for (const [at, point] of points.entries()) bytes.writeUInt32BE(point, at * 4)
  return bytes
}

/** The characters that Unicode has, and the bytes of a TeletexString that all programs read alike. */
test.each<[tag: number, value: Buffer, text: string | undefined]>([
  [0x0c, Buffer.from('é'), 'é'],
  [0x13, Buffer.from('a'), 'a'],
  [0x16, Buffer.from('a'), 'a'],
  [0x12, Buffer.from('1'), '1'],
  [0x0c, Buffer.from([0x61, 0xff]), undefined],
  [0x0c, Buffer.from('a\0b'), undefined],
  [0x14, Buffer.from(' ~'), ' ~'],
  [0x14, Buffer.from([0x61, 0x1f]), undefined],
  [0x14, Buffer.from([0x61, 0x7f]), undefined],
  [0x14, Buffer.from([0x61, 0xe9]), undefined],
  [0x1e, Buffer.from('00e9d83dde00', 'hex'), 'é😀'],
  [0x1e, Buffer.from('00e900', 'hex'), undefined],
  [0x1e, Buffer.from('00e9d83d', 'hex'), undefined],
  [0x1e, Buffer.from('00610000', 'hex'), undefined],
  [0x1c, wide(0x61, 0x1f600, 0xd7ff, 0xe000, 0x10ffff), 'a😀\ud7ff\ue000\u{10ffff}'],
  [0x1c, wide(0xd800), undefined],
  [0x1c, wide(0xdfff), undefined],
  [0x1c, wide(0x61, 0x110000), undefined],
  [0x1c, wide(0x61, 0), undefined],
  [0x1c, wide(0x61).subarray(0, 3), undefined],
  [0x1a, Buffer.from('a'), undefined],
])('a string of the tag %d and the bytes %j has the text %j', (tag, body, text) => {
  expect(readDirectoryString({ tag, body, whole: body })).toBe(text)
})

test('names are compared without what is not seen, and values without a text by their bytes', () => {
  const canonical = (value: string | Buffer, tag = UTF8) =>
    canonicalName(encodeName(one(value, tag)))
  expect(canonical('  Stra\u00dfe \t 1 ')).toEqual(canonical('STRASSE 1'))
  expect(canonical('a\u200db\u0007c')).toEqual(canonical('abc'))
  expect(canonical('\ufb01x')).toEqual(canonical('FIX'))
  expect(canonical('a b')).not.toEqual(canonical('ab'))
  const [e9, ea] = [Buffer.from([0xe9]), Buffer.from([0xea])]
  expect(canonical(e9, 0x14)).toEqual(canonical(e9, 0x14))
  expect(canonical(e9, 0x14)).not.toEqual(canonical(ea, 0x14))
  expect(canonical(e9, 0x14)).not.toEqual(canonical('#1401e9'))
})

test.each([
  ['no sequence', '3100'],
  ['a relative name that is no set', '3007 3005 0603550403'],
  ['an attribute that is no sequence', '3004 3102 0500'],
  ['an attribute without a value', '3009 3107 3005 0603550403'],
  ['an empty attribute', '3004 3102 3000'],
  ['an attribute of two values', '300f 310d 300b 0603550403 0c0161 0c0162'],
  ['an attribute whose type is no identifier', '300a 3108 3006 0c0161 0c0161'],
])('refuses %s', (_, hex) => {
  expect(() => printName(Buffer.from(hex.replaceAll(' ', ''), 'hex'))).toThrow(RangeError)
})

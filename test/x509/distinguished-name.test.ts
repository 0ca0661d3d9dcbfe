import { expect, test } from 'vitest'
import { printName } from '../../src/x509/distinguished-name.ts'
import { type Attribute, encodeName } from './made-certificate.ts'

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

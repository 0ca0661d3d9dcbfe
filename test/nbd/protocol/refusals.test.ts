/** What the decoders refuse, and in which words; the numbers of the protocol by their names. */
import { expect, test } from 'vitest'
import {
  decodeBlockStatus,
  decodeErrorChunk,
  decodeExtendedBlockStatus,
  decodeHole,
  encodeBlockStatus,
  encodeErrorChunk,
  encodeExtendedBlockStatus,
} from '../../../src/nbd/protocol/chunks.ts'
import { NBD_ERROR, NBD_OPT, NBD_REP } from '../../../src/nbd/protocol/constants.ts'
import { describeError, nbdErrorOf } from '../../../src/nbd/protocol/errors.ts'
import { decodeGreeting } from '../../../src/nbd/protocol/greeting.ts'
import { commandName, optionName, replyName } from '../../../src/nbd/protocol/names.ts'
import {
  decodeExportName,
  decodeMetaContextOption,
  decodeNoData,
  encodeExportName,
} from '../../../src/nbd/protocol/option-data.ts'
import { decodeInformation, encodeErrorText } from '../../../src/nbd/protocol/option-replies.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

test('an export name with a NUL, not in UTF-8, or too long', () => {
  expect(() => decodeExportName(hex('61 00 62'))).toThrow('an export name with a NUL in a string')
  expect(() => decodeExportName(hex('c3 28'))).toThrow('not UTF-8')
  expect(() => decodeExportName(Buffer.alloc(4097, 'a'))).toThrow('a string of 4097 bytes')
  expect(() => encodeExportName('a\0b')).toThrow(RangeError)
  expect(() => encodeExportName('x'.repeat(4097))).toThrow(RangeError)
})

test('a length that promises more than there is', () => {
  const query = hex('00000001 61 ffffffff 00000000')
  expect(() => decodeMetaContextOption(query)).toThrow('cut short after 13 bytes')
})

test('data with an option that has none', () => {
  expect(() => decodeNoData(NBD_OPT.STARTTLS, Buffer.alloc(3))).toThrow(
    '3 bytes of data with NBD_OPT_STARTTLS',
  )
})

test.each([
  ['0003 00000000 00001000 02000000', 'a minimum block size of 0'],
  ['0003 00000003 00001000 02000000', 'a minimum block size of 3'],
  ['0003 00020000 00020000 02000000', 'a minimum block size of 131072'],
  ['0003 00001000 00000200 02000000', 'a preferred block size of 512'],
  ['0003 00001000 00001000 00000200', 'a maximum payload of 512 bytes'],
])('information %s', (bytes, words) => {
  expect(() => decodeInformation(hex(bytes))).toThrow(words)
})

test('a size above 2^53 - 1 is no broken message: the client says what it means', () => {
  const information = decodeInformation(hex('0000 00200000 00000000 0001'))
  expect(information).toEqual({ type: 0, size: 2n ** 53n, flags: 1 })
})

test('an empty hole, an empty extent, a wrong count of extents, an error that is none', () => {
  const extents = [{ length: 0, status: 0 }]
  const extended = encodeExtendedBlockStatus({ contextId: 1, extents: [{ length: 1, status: 0 }] })
  extended[7] = 2
  expect(() => decodeHole(hex('0000000000000000 00000000'))).toThrow('a hole of no bytes')
  expect(() => decodeBlockStatus(encodeBlockStatus({ contextId: 1, extents }))).toThrow(
    'an extent of no bytes',
  )
  expect(() => decodeBlockStatus(Buffer.alloc(4))).toThrow('0 bytes of extents')
  expect(() => decodeExtendedBlockStatus(extended)).toThrow('1 extents where 2 were announced')
  expect(() => decodeErrorChunk(encodeErrorChunk({ error: 0, message: '' }), false)).toThrow(
    'an error that is none',
  )
})

test('more extents than any client needs', () => {
  const bytes = Buffer.alloc(4 + 8 * (2 ** 20 + 1), 1)
  expect(() => decodeBlockStatus(bytes)).toThrow('1048577 extents')
})

test('a greeting of another protocol, and one of the old style', () => {
  const old = Buffer.concat([
    Buffer.from('NBDMAGIC'),
    hex('00420281861253'.padStart(16, '0')),
    hex('0000'),
  ])
  expect(decodeGreeting(old)).toEqual({ isOldStyle: true, flags: 0 })
  expect(() => decodeGreeting(Buffer.from('SSH-2.0-OpenSSH_9.'))).toThrow('not of NBD')
})

test('texts for people are cut to what a peer accepts', () => {
  expect(encodeErrorText(`${'x'.repeat(4095)}ä`)).toHaveLength(4095)
  expect(encodeErrorText('a\0b').toString()).toBe('a b')
})

test('numbers have the names of the protocol, and unknown ones their number', () => {
  expect(optionName(NBD_OPT.STARTTLS)).toBe('NBD_OPT_STARTTLS')
  expect(replyName(NBD_REP.ERR_TLS_REQD)).toBe('NBD_REP_ERR_TLS_REQD')
  expect(commandName(99)).toBe('unknown command 0x63')
})

test('errors of the system become errors of the protocol', () => {
  expect(nbdErrorOf('ENOSPC')).toBe(NBD_ERROR.ENOSPC)
  expect(nbdErrorOf('EDQUOT')).toBe(NBD_ERROR.ENOSPC)
  expect(nbdErrorOf('EROFS')).toBe(NBD_ERROR.EPERM)
  expect(nbdErrorOf('EXDEV')).toBe(NBD_ERROR.EIO)
  expect(describeError(28)).toBe('no space is left (ENOSPC)')
  expect(describeError(99)).toBe('unknown error 0x63')
})

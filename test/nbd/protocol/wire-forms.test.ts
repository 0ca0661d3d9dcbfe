/** Messages byte by byte, as doc/proto.md lays them out: encoders and decoders that err alike would agree. */
import { describe, expect, test } from 'vitest'
import {
  decodeBlockStatus,
  decodeErrorChunk,
  decodeExtendedBlockStatus,
  decodeHole,
  decodeStatusFilter,
  encodeBlockStatus,
  encodeErrorChunk,
  encodeExtendedBlockStatus,
  encodeHole,
  hasState,
  readOffsetDataPrefix,
  writeOffsetDataPrefix,
} from '../../../src/nbd/protocol/chunks.ts'
import {
  decodeClientFlags,
  decodeExportNameReply,
  decodeGreeting,
  encodeClientFlags,
  encodeExportNameReply,
  encodeGreeting,
} from '../../../src/nbd/protocol/greeting.ts'
import {
  chunkName,
  commandName,
  errorName,
  optionName,
  replyName,
  transmissionFlagNames,
} from '../../../src/nbd/protocol/names.ts'
import {
  decodeExportName,
  decodeInfoOption,
  decodeMetaContextOption,
  encodeInfoOption,
  encodeMetaContextOption,
} from '../../../src/nbd/protocol/option-data.ts'
import {
  decodeOptionHeader,
  decodeOptionReplyHeader,
  encodeOption,
  encodeOptionReply,
} from '../../../src/nbd/protocol/option-header.ts'
import {
  decodeErrorText,
  decodeInformation,
  decodeListedExport,
  decodeMetaContext,
  encodeErrorText,
  encodeInformation,
  encodeListedExport,
  encodeMetaContext,
} from '../../../src/nbd/protocol/option-replies.ts'
import {
  createChunkHeader,
  createSimpleReply,
  readExtendedReply,
  readSimpleReply,
  readStructuredReply,
  writeExtendedReply,
  writeSimpleReply,
  writeStructuredReply,
} from '../../../src/nbd/protocol/replies.ts'
import {
  createRequest,
  payloadLength,
  readExtendedRequest,
  readRequest,
  writeExtendedRequest,
  writeRequest,
} from '../../../src/nbd/protocol/requests.ts'
import { ProtocolError } from '../../../src/wire/protocol-error.ts'

const bytesOf = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const hex = (bytes: Buffer) => bytes.toString('hex')

/** `abc` in hexadecimal digits. */
const ABC = '616263'

const DISK = { type: 0, size: 0x1234_5678_9a, flags: 0x0d } as const
const SIZES = { type: 3, sizes: { minimum: 1, preferred: 0x1000, maximum: 0x200_0000 } } as const
const EXTENTS = [
  { length: 0x1_0000, status: 3 },
  { length: 5, status: 0 },
]

type Row<Value> = readonly [
  string,
  string,
  Value,
  (value: Value) => Buffer,
  (bytes: Buffer) => unknown,
]

function row<Value>(...given: Row<Value>): Row<unknown> {
  return given as unknown as Row<unknown>
}

describe('the negotiation', () => {
  test.each([
    row(
      'a greeting',
      '4e42444d41474943 49484156454f5054 0003',
      3,
      encodeGreeting,
      (bytes) => decodeGreeting(bytes).flags,
    ),
    row('flags of a client', '00000003', 3, encodeClientFlags, decodeClientFlags),
    row(
      'the export of the old way',
      `000000123456789a 000d ${'00'.repeat(124)}`,
      { size: DISK.size, flags: 13 },
      (value) => encodeExportNameReply(value, true),
      (bytes) => decodeExportNameReply(bytes, true),
    ),
    row(
      'the same without zeroes',
      '000000123456789a 000d',
      { size: DISK.size, flags: 13 },
      (value) => encodeExportNameReply(value, false),
      (bytes) => decodeExportNameReply(bytes, false),
    ),
    row(
      'a wish for an export',
      `00000003 ${ABC} 0002 0001 0003`,
      { name: 'abc', information: [1, 3] },
      encodeInfoOption,
      decodeInfoOption,
    ),
    row(
      'a choice of contexts',
      `00000003 ${ABC} 00000002 00000001 61 00000002 6263`,
      { name: 'abc', queries: ['a', 'bc'] },
      encodeMetaContextOption,
      decodeMetaContextOption,
    ),
    row(
      'an export of a list',
      `00000001 61 ${ABC}`,
      { name: 'a', description: 'abc' },
      encodeListedExport,
      decodeListedExport,
    ),
    row(
      'a context',
      `00000007 ${ABC}`,
      { id: 7, name: 'abc' },
      encodeMetaContext,
      decodeMetaContext,
    ),
    row(
      'the size of an export',
      '0000 000000123456789a 000d',
      DISK,
      encodeInformation,
      decodeInformation,
    ),
    row(
      'its name',
      `0001 ${ABC}`,
      { type: 1, name: 'abc' } as const,
      encodeInformation,
      decodeInformation,
    ),
    row(
      'what it is',
      `0002 ${ABC}`,
      { type: 2, description: 'abc' } as const,
      encodeInformation,
      decodeInformation,
    ),
    row(
      'its blocks',
      '0003 00000001 00001000 02000000',
      SIZES,
      encodeInformation,
      decodeInformation,
    ),
    row('why not', ABC, 'abc', encodeErrorText, decodeErrorText),
  ])('%s', (_, digits, value, encode, decode) => {
    expect(hex(encode(value))).toBe(digits.replaceAll(' ', ''))
    expect(decode(bytesOf(digits))).toEqual(value)
  })

  test('an option and a reply to it begin with their magic numbers', () => {
    const option = `49484156454f5054 00000007 00000003 ${ABC}`
    expect(hex(encodeOption(7, Buffer.from('abc')))).toBe(option.replaceAll(' ', ''))
    expect(decodeOptionHeader(bytesOf(option).subarray(0, 16))).toEqual({ option: 7, length: 3 })
    const reply = `0003e889045565a9 00000007 80000006 00000003 ${ABC}`
    const encoded = encodeOptionReply(7, 0x8000_0006, Buffer.from('abc'))
    expect(hex(encoded)).toBe(reply.replaceAll(' ', ''))
    const header = { option: 7, type: 0x8000_0006, length: 3 }
    expect(decodeOptionReplyHeader(bytesOf(reply).subarray(0, 20))).toEqual(header)
  })

  test.each([1, 512, 4096, 65_536])('blocks of %d are as small as a server may ask', (minimum) => {
    for (const sizes of [
      { minimum, preferred: 65_536, maximum: minimum },
      { minimum, preferred: minimum, maximum: 0xffff_ffff },
    ]) {
      const information = { type: 3, sizes } as const
      expect(decodeInformation(encodeInformation(information))).toEqual(information)
    }
    for (const sizes of [
      { minimum: minimum * 2 + 1, preferred: 1 << 20, maximum: 1 << 20 },
      { minimum: 131_072, preferred: 131_072, maximum: 131_072 },
      { minimum, preferred: minimum / 2, maximum: minimum },
      { minimum, preferred: minimum * 3, maximum: minimum * 3 },
      { minimum, preferred: minimum, maximum: minimum - 1 },
    ]) {
      const bytes = encodeInformation({ type: 3, sizes })
      expect(() => decodeInformation(bytes), JSON.stringify(sizes)).toThrow(ProtocolError)
    }
  })
})

describe('the transmission', () => {
  const COOKIE = { cookieHigh: 0x1122_3344, cookieLow: 0x5566_7788 }
  const cookie = '1122334455667788'
  const OFFSET = { offset: 0x9_0000_000a, offsetHigh: 9, offsetLow: 10 }
  const request = { ...createRequest(), ...COOKIE, ...OFFSET, flags: 0x21, command: 6 }

  test.each([
    ['a request', '25609513 0021 0006', '80000001', 0x8000_0001, writeRequest, readRequest],
    [
      'an extended request',
      '21e41c71 0021 0006',
      '0000000280000001',
      0x2_8000_0001,
      writeExtendedRequest,
      readExtendedRequest,
    ],
  ] as const)('%s', (_, begin, end, length, write, read) => {
    const digits = `${begin} ${cookie} 000000090000000a ${end}`.replaceAll(' ', '')
    const bytes = Buffer.alloc(digits.length / 2)
    write(bytes, 0, { ...request, length })
    expect(hex(bytes)).toBe(digits)
    const found = createRequest()
    read(bytesOf(digits), 0, found)
    expect(found).toEqual({ ...request, length })
  })

  const CHUNK = { ...COOKIE, flags: 1, type: 0x8001 }

  test.each([
    [
      'a simple reply',
      `67446698 0000001c ${cookie}`,
      { ...COOKIE, error: 28 },
      writeSimpleReply,
      readSimpleReply,
      createSimpleReply,
    ],
    [
      'a chunk',
      `668e33ef 0001 8001 ${cookie} 80000001`,
      { ...CHUNK, offsetHigh: 0, offsetLow: 0, length: 0x8000_0001 },
      writeStructuredReply,
      readStructuredReply,
      createChunkHeader,
    ],
    [
      'an extended chunk',
      `6e8a278c 0001 8001 ${cookie} 000000090000000a 0000000280000001`,
      { ...CHUNK, offsetHigh: 9, offsetLow: 10, length: 0x2_8000_0001 },
      writeExtendedReply,
      readExtendedReply,
      createChunkHeader,
    ],
  ] as const)('%s', (_, text, value, write, read, create) => {
    const digits = text.replaceAll(' ', '')
    const bytes = Buffer.alloc(digits.length / 2)
    write(bytes, 0, value as never)
    expect(hex(bytes)).toBe(digits)
    const found = create()
    read(bytesOf(digits), 0, found as never)
    expect(found).toEqual(value)
  })

  test.each([
    row(
      'a hole',
      '000000090000000a 80000001',
      { offset: OFFSET.offset, length: 0x8000_0001 },
      encodeHole,
      decodeHole,
    ),
    row(
      'block status',
      '00000007 00010000 00000003 00000005 00000000',
      { contextId: 7, extents: EXTENTS },
      encodeBlockStatus,
      decodeBlockStatus,
    ),
    row(
      'block status of 64 bits',
      '00000007 00000002 0000000000010000 0000000000000003 0000000000000005 ffffffffffffffff',
      { contextId: 7, extents: [EXTENTS[0]!, { length: 5, status: 2n ** 64n - 1n }] },
      encodeExtendedBlockStatus,
      decodeExtendedBlockStatus,
    ),
    row(
      'an error',
      `0000001c 0003 ${ABC}`,
      { error: 28, message: 'abc' },
      encodeErrorChunk,
      (bytes) => decodeErrorChunk(bytes, false),
    ),
    row(
      'an error at an offset',
      `0000001c 0003 ${ABC} 000000090000000a`,
      { error: 28, message: 'abc', offset: OFFSET.offset },
      encodeErrorChunk,
      (bytes) => decodeErrorChunk(bytes, true),
    ),
  ])('%s', (_, digits, value, encode, decode) => {
    expect(hex(encode(value))).toBe(digits.replaceAll(' ', ''))
    expect(decode(bytesOf(digits))).toEqual(value)
  })

  test('data says where it belongs', () => {
    const bytes = Buffer.alloc(10)
    writeOffsetDataPrefix(bytes, 1, OFFSET.offset)
    expect(hex(bytes)).toBe('00000000090000000a00')
    expect(readOffsetDataPrefix(bytes, 1)).toBe(OFFSET.offset)
    expect(readOffsetDataPrefix(bytes, 2)).toBe(0x900_0000_0a00)
    expect(() => readOffsetDataPrefix(bytes, 3)).toThrow(ProtocolError)
  })

  test('a filter of block status has a length, and contexts to its end', () => {
    const filter = { length: OFFSET.offset, contextIds: [1, 0xffff_ffff] }
    expect(decodeStatusFilter(bytesOf('000000090000000a 00000001 ffffffff'))).toEqual(filter)
    expect(decodeStatusFilter(bytesOf('000000090000000a')).contextIds).toEqual([])
    expect(() => decodeStatusFilter(bytesOf('000000090000000a 0000'))).toThrow(ProtocolError)
  })

  test.each([
    [0, 0, 0, 0],
    [1, 0, 5, 0],
    [1, 0x20, 5, 5],
    [7, 0x20, 0, 5],
    [7, 0, 0, 0],
    [6, 0x21, 0, 5],
    [6, 0x1f, 0, 0],
  ])('behind command %d with flags %d stand %d bytes, in extended headers %d', (...given) => {
    const [command, flags, compact, extended] = given
    const asked = { ...request, command, flags, length: 5 }
    expect(payloadLength(asked, false)).toBe(compact)
    expect(payloadLength(asked, true)).toBe(extended)
  })

  test('a status of any size has its bits', () => {
    expect([0, 1, 2, 3, 4].map((status) => hasState(status, 2))).toEqual([
      false,
      false,
      true,
      true,
      false,
    ])
    expect(hasState(2n ** 63n + 2n, 2)).toBe(true)
    expect(hasState(2n ** 63n + 1n, 2)).toBe(false)
  })

  test('an extent of 64 bits is as long as any disk', () => {
    const longest = `00000007 00000001 ffffffffffffffff 0000000000000000`
    expect(decodeExtendedBlockStatus(bytesOf(longest)).extents).toEqual([
      { length: Number.MAX_SAFE_INTEGER, status: 0 },
    ])
    for (const [length, exact] of [
      ['001fffffffffffff', Number.MAX_SAFE_INTEGER],
      ['0020000000000000', Number.MAX_SAFE_INTEGER],
      ['001ffffffffffffe', Number.MAX_SAFE_INTEGER - 1],
    ] as const) {
      const digits = `00000007 00000001 ${length} ${length}`
      const [extent] = decodeExtendedBlockStatus(bytesOf(digits)).extents
      expect(extent?.length).toBe(exact)
      expect(BigInt(extent?.status ?? 0)).toBe(BigInt(`0x${length}`))
    }
  })
})

test.each([
  ['61', 'a'],
  ['efbbbf61', '\ufeffa'],
  ['', ''],
  ['c3a9', 'é'],
])('the name %s is %j to the byte', (digits, name) => {
  expect(decodeExportName(bytesOf(digits))).toBe(name)
})

test('names have 4096 bytes, and texts for people are no names', () => {
  expect(decodeExportName(Buffer.alloc(4096, 'x'))).toHaveLength(4096)
  expect(decodeErrorText(bytesOf('61 ff 00'))).toBe('a\ufffd\0')
  expect(decodeErrorText(Buffer.alloc(4096, 'x'))).toHaveLength(4096)
  expect(() => decodeErrorText(Buffer.alloc(4097, 'x'))).toThrow(ProtocolError)
  expect(encodeErrorText('x'.repeat(4096))).toHaveLength(4096)
  expect(encodeErrorText('x'.repeat(4097))).toHaveLength(4096)
  // What is cut within a character ends before it; what is no character stays.
  expect(encodeErrorText(`${'x'.repeat(4094)}é`)).toHaveLength(4096)
  expect(`${encodeErrorText('\ufffd')}`).toBe('\ufffd')
})

test('numbers have the names of the protocol', () => {
  expect([optionName(7), optionName(77)]).toEqual(['NBD_OPT_GO', 'unknown option 0x4d'])
  expect([commandName(0), commandName(7)]).toEqual(['NBD_CMD_READ', 'NBD_CMD_BLOCK_STATUS'])
  expect([replyName(1), replyName(0x8000_0001)]).toEqual(['NBD_REP_ACK', 'NBD_REP_ERR_UNSUP'])
  expect([chunkName(0), chunkName(0x8001)]).toEqual(['NBD_REPLY_TYPE_NONE', 'NBD_REPLY_TYPE_ERROR'])
  expect([errorName(28), errorName(5)]).toEqual(['ENOSPC', 'EIO'])
  expect(transmissionFlagNames(0)).toEqual([])
  expect(transmissionFlagNames(0x8105)).toEqual(['HAS_FLAGS', 'SEND_FLUSH', 'CAN_MULTI_CONN'])
})

/**
 * The numbers of the protocol, as literals out of its document: server, client and tests share the
 * constants, so a wrong one would not be noticed by them.
 */
import { expect, test } from 'vitest'
import * as numbers from '../../../src/nbd/protocol/constants.ts'

test('magic numbers are those of doc/proto.md', () => {
  const hex = (value: number | Buffer) =>
    typeof value === 'number' ? value.toString(16).padStart(8, '0') : value.toString('hex')
  expect(hex(numbers.NBD_MAGIC)).toBe('4e42444d41474943')
  expect(hex(numbers.OPTION_MAGIC)).toBe('49484156454f5054')
  expect(hex(numbers.OPTION_REPLY_MAGIC)).toBe('0003e889045565a9')
  expect(hex(numbers.OLD_STYLE_MAGIC)).toBe('0000420281861253')
  expect(hex(numbers.REQUEST_MAGIC)).toBe('25609513')
  expect(hex(numbers.SIMPLE_REPLY_MAGIC)).toBe('67446698')
  expect(hex(numbers.STRUCTURED_REPLY_MAGIC)).toBe('668e33ef')
  expect(hex(numbers.EXTENDED_REQUEST_MAGIC)).toBe('21e41c71')
  expect(hex(numbers.EXTENDED_REPLY_MAGIC)).toBe('6e8a278c')
})

test('options, replies, commands and flags are those of doc/proto.md', () => {
  expect(numbers.NBD_OPT).toEqual({
    ...{ EXPORT_NAME: 1, ABORT: 2, LIST: 3, PEEK_EXPORT: 4, STARTTLS: 5, INFO: 6, GO: 7 },
    ...{ STRUCTURED_REPLY: 8, LIST_META_CONTEXT: 9, SET_META_CONTEXT: 10, EXTENDED_HEADERS: 11 },
  })
  const error = (number: number) => 2 ** 31 + number
  expect(numbers.NBD_REP).toEqual({
    ...{ ACK: 1, SERVER: 2, INFO: 3, META_CONTEXT: 4 },
    ...{ ERR_UNSUP: error(1), ERR_POLICY: error(2), ERR_INVALID: error(3) },
    ...{ ERR_PLATFORM: error(4), ERR_TLS_REQD: error(5), ERR_UNKNOWN: error(6) },
    ...{ ERR_SHUTDOWN: error(7), ERR_BLOCK_SIZE_REQD: error(8), ERR_TOO_BIG: error(9) },
    ERR_EXT_HEADER_REQD: error(10),
  })
  expect(numbers.NBD_CMD).toEqual({
    ...{ READ: 0, WRITE: 1, DISC: 2, FLUSH: 3, TRIM: 4, CACHE: 5, WRITE_ZEROES: 6 },
    ...{ BLOCK_STATUS: 7, RESIZE: 8 },
  })
  const bit = (number: number) => 1 << number
  expect(numbers.NBD_CMD_FLAG).toEqual({
    ...{ FUA: bit(0), NO_HOLE: bit(1), DF: bit(2), REQ_ONE: bit(3), FAST_ZERO: bit(4) },
    PAYLOAD_LEN: bit(5),
  })
  expect(numbers.NBD_TRANSMISSION_FLAG).toEqual({
    ...{ HAS_FLAGS: bit(0), READ_ONLY: bit(1), SEND_FLUSH: bit(2), SEND_FUA: bit(3) },
    ...{ ROTATIONAL: bit(4), SEND_TRIM: bit(5), SEND_WRITE_ZEROES: bit(6), SEND_DF: bit(7) },
    ...{ CAN_MULTI_CONN: bit(8), SEND_RESIZE: bit(9), SEND_CACHE: bit(10) },
    ...{ SEND_FAST_ZERO: bit(11), BLOCK_STATUS_PAYLOAD: bit(12) },
  })
  expect(numbers.NBD_INFO).toEqual({ EXPORT: 0, NAME: 1, DESCRIPTION: 2, BLOCK_SIZE: 3 })
  expect(numbers.NBD_FLAG).toEqual({ FIXED_NEWSTYLE: bit(0), NO_ZEROES: bit(1) })
})

test('chunks and errors are those of doc/proto.md', () => {
  expect(numbers.NBD_REPLY_TYPE).toEqual({
    ...{ NONE: 0, OFFSET_DATA: 1, OFFSET_HOLE: 2, BLOCK_STATUS: 5, BLOCK_STATUS_EXT: 6 },
    ...{ ERROR: 32769, ERROR_OFFSET: 32770 },
  })
  expect(numbers.NBD_REPLY_FLAG).toEqual({ DONE: 1 })
  expect(numbers.NBD_STATE).toEqual({ HOLE: 1, ZERO: 2 })
  expect(numbers.NBD_ERROR).toEqual({
    ...{ EPERM: 1, EIO: 5, ENOMEM: 12, EINVAL: 22, ENOSPC: 28 },
    ...{ EOVERFLOW: 75, ENOTSUP: 95, ESHUTDOWN: 108 },
  })
})

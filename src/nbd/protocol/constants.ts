/**
 * The numbers of the NBD protocol, each declared once.
 *
 * Network Block Device protocol, doc/proto.md of the NetworkBlockDevice/nbd project, sections "Values"
 * and "Extended headers" (its branch extension-ext-header). The protocol's name of a number is its
 * table and its key: `NBD_OPT.STARTTLS` is NBD_OPT_STARTTLS.
 */

/** First eight bytes of a server: `NBDMAGIC`. */
export const NBD_MAGIC = Buffer.from('NBDMAGIC', 'latin1')
/** Marks the new style, and each option that a client sends: `IHAVEOPT`. */
export const OPTION_MAGIC = Buffer.from('IHAVEOPT', 'latin1')
/** Marks each reply to an option. */
export const OPTION_REPLY_MAGIC = Buffer.from('0003e889045565a9', 'hex')
/** Follows NBD_MAGIC where a server speaks the old style, which has neither options nor TLS. */
export const OLD_STYLE_MAGIC = Buffer.from('0000420281861253', 'hex')

export const REQUEST_MAGIC = 0x25609513
export const EXTENDED_REQUEST_MAGIC = 0x21e41c71
export const SIMPLE_REPLY_MAGIC = 0x67446698
export const STRUCTURED_REPLY_MAGIC = 0x668e33ef
export const EXTENDED_REPLY_MAGIC = 0x6e8a278c

/** The port that IANA gave to NBD. */
export const NBD_PORT = 10809

/** The longest string of the protocol, in bytes. */
export const STRING_LIMIT = 4096

/** The extents that one chunk of block status may hold at most. */
export const EXTENT_LIMIT = 0x10_0000

/** Handshake flags of the server; the client's flags are the same bits. */
export const NBD_FLAG = { FIXED_NEWSTYLE: 0x1, NO_ZEROES: 0x2 } as const

/** Transmission flags: what an export can do. */
export const NBD_TRANSMISSION_FLAG = {
  HAS_FLAGS: 0x1,
  READ_ONLY: 0x2,
  SEND_FLUSH: 0x4,
  SEND_FUA: 0x8,
  ROTATIONAL: 0x10,
  SEND_TRIM: 0x20,
  SEND_WRITE_ZEROES: 0x40,
  SEND_DF: 0x80,
  CAN_MULTI_CONN: 0x100,
  SEND_RESIZE: 0x200,
  SEND_CACHE: 0x400,
  SEND_FAST_ZERO: 0x800,
  BLOCK_STATUS_PAYLOAD: 0x1000,
} as const

export const NBD_OPT = {
  EXPORT_NAME: 1,
  ABORT: 2,
  LIST: 3,
  /** Withdrawn. */
  PEEK_EXPORT: 4,
  STARTTLS: 5,
  INFO: 6,
  GO: 7,
  STRUCTURED_REPLY: 8,
  LIST_META_CONTEXT: 9,
  SET_META_CONTEXT: 10,
  EXTENDED_HEADERS: 11,
} as const

/** Replies with this bit are errors. */
export const REPLY_ERROR_BIT = 0x8000_0000

export const NBD_REP = {
  ACK: 1,
  SERVER: 2,
  INFO: 3,
  META_CONTEXT: 4,
  ERR_UNSUP: 0x8000_0001,
  ERR_POLICY: 0x8000_0002,
  ERR_INVALID: 0x8000_0003,
  ERR_PLATFORM: 0x8000_0004,
  ERR_TLS_REQD: 0x8000_0005,
  ERR_UNKNOWN: 0x8000_0006,
  ERR_SHUTDOWN: 0x8000_0007,
  ERR_BLOCK_SIZE_REQD: 0x8000_0008,
  ERR_TOO_BIG: 0x8000_0009,
  ERR_EXT_HEADER_REQD: 0x8000_000a,
} as const

export const NBD_INFO = { EXPORT: 0, NAME: 1, DESCRIPTION: 2, BLOCK_SIZE: 3 } as const

export const NBD_CMD = {
  READ: 0,
  WRITE: 1,
  DISC: 2,
  FLUSH: 3,
  TRIM: 4,
  CACHE: 5,
  WRITE_ZEROES: 6,
  BLOCK_STATUS: 7,
  /** Experimental: no server is known to have it. */
  RESIZE: 8,
} as const

export const NBD_CMD_FLAG = {
  FUA: 0x1,
  NO_HOLE: 0x2,
  DF: 0x4,
  REQ_ONE: 0x8,
  FAST_ZERO: 0x10,
  PAYLOAD_LEN: 0x20,
} as const

/** On the last chunk of a reply. */
export const NBD_REPLY_FLAG = { DONE: 0x1 } as const

/** Chunk types with this bit are errors. */
export const CHUNK_ERROR_BIT = 0x8000

export const NBD_REPLY_TYPE = {
  NONE: 0,
  OFFSET_DATA: 1,
  OFFSET_HOLE: 2,
  BLOCK_STATUS: 5,
  BLOCK_STATUS_EXT: 6,
  ERROR: 0x8001,
  ERROR_OFFSET: 0x8002,
} as const

/** Errors of the transmission phase; the numbers are those of Linux. */
export const NBD_ERROR = {
  EPERM: 1,
  EIO: 5,
  ENOMEM: 12,
  EINVAL: 22,
  ENOSPC: 28,
  EOVERFLOW: 75,
  ENOTSUP: 95,
  ESHUTDOWN: 108,
} as const

/** The context that tells data from holes. */
export const BASE_ALLOCATION = 'base:allocation'

/** The bits of `base:allocation`. */
export const NBD_STATE = { HOLE: 0x1, ZERO: 0x2 } as const

/** Numbers of QEMU's migration, as versions 7.2, 10 and 11 send them. All are big endian. */

/** "QEVM". */
export const QEMU_VM_FILE_MAGIC = 0x5145564d
export const QEMU_VM_FILE_VERSION = 3

export const QEMU_VM = {
  EOF: 0x00,
  SECTION_START: 0x01,
  SECTION_PART: 0x02,
  SECTION_END: 0x03,
  SECTION_FULL: 0x04,
  SUBSECTION: 0x05,
  VMDESCRIPTION: 0x06,
  CONFIGURATION: 0x07,
  COMMAND: 0x08,
  SECTION_FOOTER: 0x7e,
} as const

/** Kinds of sections by their number. */
export const SECTION_KINDS = {
  [QEMU_VM.SECTION_START]: 'START',
  [QEMU_VM.SECTION_PART]: 'PART',
  [QEMU_VM.SECTION_END]: 'END',
  [QEMU_VM.SECTION_FULL]: 'FULL',
} as const

export type SectionKind = (typeof SECTION_KINDS)[keyof typeof SECTION_KINDS]

/** Flags in the low bits of a header in a RAM section. */
export const RAM_SAVE_FLAG = {
  ZERO: 0x002,
  MEM_SIZE: 0x004,
  PAGE: 0x008,
  EOS: 0x010,
  CONTINUE: 0x020,
  XBZRLE: 0x040,
  HOOK: 0x080,
  COMPRESS_PAGE: 0x100,
  MULTIFD_FLUSH: 0x200,
} as const

/** Flags in the low bits of a header in a section of disks. */
export const BLK_MIG_FLAG = {
  DEVICE_BLOCK: 0x01,
  EOS: 0x02,
  PROGRESS: 0x04,
  ZERO_BLOCK: 0x08,
} as const

/** Flags of the parts of a section of dirty bitmaps. */
export const DIRTY_BITMAP_MIG = {
  EOS: 0x01,
  ZEROES: 0x02,
  BITMAP_NAME: 0x04,
  DEVICE_NAME: 0x08,
  START: 0x10,
  COMPLETE: 0x20,
  BITS: 0x40,
} as const

/** Commands by their number. */
export const MIG_CMD = {
  OPEN_RETURN_PATH: 1,
  PING: 2,
  POSTCOPY_ADVISE: 3,
  POSTCOPY_LISTEN: 4,
  POSTCOPY_RUN: 5,
  POSTCOPY_RAM_DISCARD: 6,
  PACKAGED: 7,
  ENABLE_COLO: 8,
  POSTCOPY_RESUME: 9,
  RECV_BITMAP: 10,
  SWITCHOVER_START: 11,
} as const

export type CommandName = keyof typeof MIG_CMD

/** Messages of the return path, from the destination to the source. */
export const MIG_RP_MSG = {
  SHUT: 1,
  PONG: 2,
  REQ_PAGES_ID: 3,
  REQ_PAGES: 4,
  RECV_BITMAP: 5,
  RESUME_ACK: 6,
  SWITCHOVER_ACK: 7,
} as const

export type ReturnPathName = keyof typeof MIG_RP_MSG

export const MULTIFD_MAGIC = 0x11223344
export const MULTIFD_VERSION = 1

/** Flags of a multifd packet. Three bits say how its pages are compressed. */
export const MULTIFD_FLAG = {
  SYNC: 0x01,
  COMPRESSION_MASK: 0x3e,
  DEVICE_STATE: 0x40,
} as const

/** How the pages of a multifd packet are compressed, by its flags. */
export const MULTIFD_COMPRESSIONS = {
  0: 'none',
  2: 'zlib',
  4: 'zstd',
  8: 'qpl',
  16: 'uadk',
  32: 'qatzip',
} as const

export type MultifdCompression = (typeof MULTIFD_COMPRESSIONS)[keyof typeof MULTIFD_COMPRESSIONS]

/** Pages of one multifd packet, in bytes. */
export const MULTIFD_PACKET_SIZE = 0x8_0000

/** The page size of x86, and of every machine that does not say another one. */
export const DEFAULT_PAGE_SIZE = 4096

/** The one version of RAM sections. */
export const RAM_VERSION = 4

/** The name of a number in one of the tables above. */
export function nameOfNumber<Table extends Readonly<Record<string, number>>>(
  table: Table,
  number: number,
): keyof Table | undefined {
  return Object.keys(table).find((name) => table[name] === number)
}

/** What `blockdev-add` takes, a part of QEMU's BlockdevOptions. */
import {
  alternateOf,
  BOOL,
  enumOf,
  INT,
  optional,
  SIZE,
  STR,
  struct,
  union,
  type ValueOf,
} from '../schema/qapi-types.ts'

const FILE = struct('BlockdevOptionsFile', {
  filename: STR,
  'pr-manager': optional(STR),
  locking: optional(enumOf('OnOffAuto', ['auto', 'on', 'off'])),
  aio: optional(enumOf('BlockdevAioOptions', ['threads', 'native', 'io_uring'])),
  'drop-cache': optional(BOOL),
})
const MEMORY = struct('BlockdevOptionsMemory', { size: SIZE })
const NULL = struct('BlockdevOptionsNull', {
  size: optional(INT),
  'read-zeroes': optional(BOOL),
})

const COMMON = {
  'node-name': optional(STR),
  discard: optional(enumOf('BlockdevDiscardOptions', ['ignore', 'unmap'])),
  cache: optional(
    struct('BlockdevCacheOptions', { direct: optional(BOOL), 'no-flush': optional(BOOL) }),
  ),
  'read-only': optional(BOOL),
  'auto-read-only': optional(BOOL),
  'force-share': optional(BOOL),
  'detect-zeroes': optional(enumOf('BlockdevDetectZeroesOptions', ['off', 'on', 'unmap'])),
} as const

const SOURCES = { file: FILE, host_device: FILE, memory: MEMORY, 'null-co': NULL } as const

const SOURCE = union(
  'BlockdevSource',
  {
    driver: enumOf('BlockdevSourceDriver', ['file', 'host_device', 'memory', 'null-co']),
    ...COMMON,
  },
  'driver',
  SOURCES,
)

const RAW = struct('BlockdevOptionsRaw', {
  file: alternateOf('BlockdevRef', [STR, SOURCE]),
  offset: optional(INT),
  size: optional(INT),
})

export const BLOCKDEV_OPTIONS = union(
  'BlockdevOptions',
  {
    driver: enumOf('BlockdevDriver', ['file', 'host_device', 'memory', 'null-co', 'raw']),
    ...COMMON,
  },
  'driver',
  { ...SOURCES, raw: RAW },
)

export type BlockdevOptions = ValueOf<typeof BLOCKDEV_OPTIONS>
export type BlockdevSource = ValueOf<typeof SOURCE>

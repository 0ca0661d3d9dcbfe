/** Migrations put together byte by byte, as QEMU's migration/savevm.c and migration/ram.c write them. */

import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'

export type Bytes = Buffer | readonly number[]

export const bytesOf = (...parts: readonly Bytes[]) =>
  Buffer.concat(parts.map((part) => Buffer.from(part)))

export const uint16 = (value: number) => [value >>> 8, value & 0xff]
export const uint32 = (value: number) => [...uint16(value >>> 16), ...uint16(value & 0xffff)]
export const uint64 = (value: number | bigint) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return [...bytes]
}

/** A name behind its length. */
export const named = (name: string) => [name.length, ...Buffer.from(name, 'latin1')]

/** "QEVM" and version 3. */
export const HEADER = [0x51, 0x45, 0x56, 0x4d, 0, 0, 0, 3]

export const EOF = [0]

export const footer = (id: number) => [0x7e, ...uint32(id)]

/** Of START, 1, and FULL, 4. */
const namedSection = (type: number) => (id: number, name: string, body: Bytes, version: number) =>
  bytesOf([type, ...uint32(id), ...named(name), ...uint32(0), ...uint32(version)], body, footer(id))

export const start = (id: number, name: string, body: Bytes, version = 4) =>
  namedSection(1)(id, name, body, version)
export const full = (id: number, name: string, body: Bytes, version = 1) =>
  namedSection(4)(id, name, body, version)
export const part = (id: number, body: Bytes) => bytesOf([2, ...uint32(id)], body, footer(id))
export const last = (id: number, body: Bytes) => bytesOf([3, ...uint32(id)], body, footer(id))

export const command = (number: number, data: Bytes = []) =>
  bytesOf([8, ...uint16(number), ...uint16(data.length)], data)

export const description = (json: unknown) => {
  const text = Buffer.from(JSON.stringify(json))
  return bytesOf([6, ...uint32(text.length)], text)
}

export const configuration = (machine: string, subsections: Bytes = []) =>
  bytesOf([7, ...uint32(machine.length), ...Buffer.from(machine)], subsections)

export const subsection = (name: string, data: Bytes, version = 1) =>
  bytesOf([5, ...named(name), ...uint32(version)], data)

/** Ends a RAM section. */
export const RAM_END = uint64(0x10)
export const RAM_FLUSH = uint64(0x200)

/** The blocks of a guest and their sizes. */
export const ramSetup = (blocks: Readonly<Record<string, number>>, behindEach: Bytes = []) => {
  const total = Object.values(blocks).reduce((sum, size) => sum + size, 0)
  const each = Object.entries(blocks).map(([name, size]) =>
    bytesOf(named(name), uint64(size), behindEach),
  )
  return bytesOf(uint64(total + 4), ...each)
}

/** The header of a page: its offset and flags, and the name of its block where it is not the one before. */
export const pageHeader = (offset: number, flags: number, block?: string) =>
  block === undefined
    ? uint64(offset + (flags | 0x20))
    : [...uint64(offset + flags), ...named(block)]

export const zeroPage = (offset: number, block?: string) => [...pageHeader(offset, 2, block), 0]

export const plainPage = (offset: number, data: Bytes, block?: string) =>
  bytesOf(pageHeader(offset, 8, block), data)

/** A stream of one RAM section whose blocks are set up, and what follows. */
export const ramStream = (...parts: readonly Bytes[]) =>
  bytesOf(HEADER, start(2, 'ram', bytesOf(ramSetup({ ram: 0x4000 }), RAM_END)), ...parts)

export const UUID = '000102030405060708090a0b0c0d0e0f'

export const capabilities = (names: readonly string[]) =>
  subsection('configuration/capabilities', bytesOf(uint32(names.length), ...names.map(named)))
export const uuid = (digits: string) => subsection('configuration/uuid', Buffer.from(digits, 'hex'))

export const device = (name: string, state: object = {}, instance = 0) => ({
  name,
  instance_id: instance,
  version: 1,
  ...state,
})

/** Of a channel of multifd, migration/multifd.h: "magic", and version 1. */
const MULTIFD_MAGIC = [0x11, 0x22, 0x33, 0x44]

/** The first message of a channel; 39 bytes are unused. */
export const multifdInit = (channel: number, uuid: Bytes = Buffer.alloc(16), version = 1) =>
  bytesOf(MULTIFD_MAGIC, uint32(version), uuid, [channel], Buffer.alloc(39))

type MultifdPacket = {
  readonly flags?: number
  /** Numbers of pages with and without data. */
  readonly normal?: number
  readonly zero?: number
  /** Bytes behind the packet. */
  readonly next?: number
  readonly places?: readonly number[]
  readonly block?: Bytes
  readonly payload?: Bytes
  readonly most?: number
}

/** A packet whose number is 7, and the data behind it. */
export const multifdPacket = (given: MultifdPacket) => {
  const { flags = 0, normal = 0, zero = 0, places = [], most = 128 } = given
  const { next = normal * (0x8_0000 / most), block = Buffer.from('ram') } = given
  const room = Buffer.alloc(256)
  Buffer.from(block).copy(room)
  return bytesOf(
    MULTIFD_MAGIC,
    ...[uint32(1), uint32(flags), uint32(most), uint32(normal), uint32(next)],
    ...[uint64(7), uint32(zero), Buffer.alloc(28), room],
    ...Array.from({ length: most }, (_, at) => uint64(places[at] ?? 0)),
    given.payload ?? Buffer.alloc(next),
  )
}

/** No pages: the channel waits for the others. */
export const MULTIFD_SYNC = multifdPacket({ flags: 1, block: [] })

/** Why a stream is refused, and at which of its bytes. */
export function codeAndOffset(error: unknown): string {
  if (!(error instanceof DiagnosticError)) throw error
  const [{ code, data } = { code: '', data: {} }] = error.diagnostics
  return `${code} ${(data as { offset: number }).offset}`
}

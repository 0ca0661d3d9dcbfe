/** The data of each reply that a server gives to an option. */

import { ByteReader } from '../../wire/byte-reader.ts'
import { ByteWriter } from '../../wire/byte-writer.ts'
import { type BlockSizes, decodeBlockSizes, encodeBlockSizes } from './block-sizes.ts'
import { type ByteCount, toByteCount } from './byte-count.ts'
import { NBD_INFO } from './constants.ts'
import {
  decodeText,
  encodeString,
  readCountedString,
  readString,
  truncateText,
  writeCountedString,
} from './strings.ts'

/** NBD_REP_SERVER: one export of a list. */
export type ListedExport = {
  readonly name: string
  /** For people; empty where the server gives none. */
  readonly description: string
}

/** NBD_REP_META_CONTEXT: a context and the number that stands for it. */
export type MetaContext = {
  readonly id: number
  readonly name: string
}

/** NBD_REP_INFO: one piece of information about an export. */
export type Information =
  | {
      readonly type: typeof NBD_INFO.EXPORT
      readonly size: ByteCount
      /** Transmission flags. */
      readonly flags: number
    }
  | { readonly type: typeof NBD_INFO.NAME; readonly name: string }
  | { readonly type: typeof NBD_INFO.DESCRIPTION; readonly description: string }
  | { readonly type: typeof NBD_INFO.BLOCK_SIZE; readonly sizes: BlockSizes }
  | { readonly type: 'unknown'; readonly number: number; readonly data: Buffer }

export function encodeListedExport({ name, description }: ListedExport): Buffer {
  return writeCountedString(new ByteWriter(), name).bytes(encodeString(description)).finish()
}

export function decodeListedExport(data: Buffer): ListedExport {
  const reader = new ByteReader(data, 'an export of a list')
  const name = readCountedString(reader)
  const description = decodeText(reader.readRest(), 'a description')
  return { name, description }
}

export function encodeMetaContext({ id, name }: MetaContext): Buffer {
  return new ByteWriter().uint32(id).bytes(encodeString(name)).finish()
}

export function decodeMetaContext(data: Buffer): MetaContext {
  const reader = new ByteReader(data, 'a metadata context')
  return { id: reader.readUint32(), name: readString(reader, reader.remaining) }
}

export function encodeInformation(information: Information): Buffer {
  const number = information.type === 'unknown' ? information.number : information.type
  const writer = new ByteWriter().uint16(number)
  switch (information.type) {
    case NBD_INFO.EXPORT:
      return writer.uint64(information.size).uint16(information.flags).finish()
    case NBD_INFO.NAME:
      return writer.bytes(encodeString(information.name)).finish()
    case NBD_INFO.DESCRIPTION:
      return writer.bytes(encodeString(information.description)).finish()
    case NBD_INFO.BLOCK_SIZE:
      return encodeBlockSizes(writer, information.sizes).finish()
    case 'unknown':
      return writer.bytes(information.data).finish()
  }
}

export function decodeInformation(data: Buffer): Information {
  const reader = new ByteReader(data, 'information about an export')
  const information = readInformation(reader, reader.readUint16())
  reader.end()
  return information
}

function readInformation(reader: ByteReader, number: number): Information {
  switch (number) {
    case NBD_INFO.EXPORT:
      return { type: number, size: toByteCount(reader.readBigUint64()), flags: reader.readUint16() }
    case NBD_INFO.NAME:
      return { type: number, name: readString(reader, reader.remaining) }
    case NBD_INFO.DESCRIPTION: {
      const text = reader.readRest()
      return { type: number, description: decodeText(text, 'a description') }
    }
    case NBD_INFO.BLOCK_SIZE:
      return { type: number, sizes: decodeBlockSizes(reader) }
    default:
      return { type: 'unknown', number, data: reader.readRest() }
  }
}

/** The text of an error reply. */
export function encodeErrorText(text: string): Buffer {
  return Buffer.from(truncateText(text), 'utf8')
}

/** What a server says about an error; empty where it says nothing. Not safe for a terminal. */
export function decodeErrorText(data: Buffer): string {
  return decodeText(data, 'an error')
}

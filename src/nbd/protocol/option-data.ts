/** The data of each option that a client sends. */
import { ByteReader } from '../../wire/byte-reader.ts'
import { ByteWriter } from '../../wire/byte-writer.ts'
import { refuse } from '../../wire/protocol-error.ts'
import { optionName } from './names.ts'
import { decodeString, encodeString, readCountedString, writeCountedString } from './strings.ts'

/** NBD_OPT_INFO and NBD_OPT_GO. */
export type InfoOption = {
  /** The export; empty for the default one. */
  readonly name: string
  /** NBD_INFO_... that the client would like to have. */
  readonly information: readonly number[]
}

/** NBD_OPT_LIST_META_CONTEXT and NBD_OPT_SET_META_CONTEXT. */
export type MetaContextOption = {
  readonly name: string
  /** `base:allocation`, or what its namespace understands. */
  readonly queries: readonly string[]
}

/** Refuses data where an option has none. */
export function decodeNoData(option: number, data: Buffer): void {
  if (data.length > 0) refuse(`${data.length} bytes of data with ${optionName(option)}`)
}

/** The data of NBD_OPT_EXPORT_NAME is the name of the export. */
export function encodeExportName(name: string): Buffer {
  return encodeString(name)
}

export function decodeExportName(data: Buffer): string {
  return decodeString(data, 'an export name')
}

export function encodeInfoOption({ name, information }: InfoOption): Buffer {
  const writer = writeCountedString(new ByteWriter(), name).uint16(information.length)
  for (const type of information) writer.uint16(type)
  return writer.finish()
}

export function decodeInfoOption(data: Buffer): InfoOption {
  const reader = new ByteReader(data, 'data of NBD_OPT_INFO or NBD_OPT_GO')
  const name = readCountedString(reader)
  const count = reader.readUint16()
  const information: number[] = []
  for (let index = 0; index < count; index++) information.push(reader.readUint16())
  reader.end()
  return { name, information }
}

export function encodeMetaContextOption({ name, queries }: MetaContextOption): Buffer {
  const writer = writeCountedString(new ByteWriter(), name).uint32(queries.length)
  for (const query of queries) writeCountedString(writer, query)
  return writer.finish()
}

export function decodeMetaContextOption(data: Buffer): MetaContextOption {
  const reader = new ByteReader(data, 'a query of metadata contexts')
  const name = readCountedString(reader)
  const count = reader.readUint32()
  const queries: string[] = []
  // The count alone allocates nothing: each query has to be there, four bytes at the least.
  for (let index = 0; index < count; index++) queries.push(readCountedString(reader))
  reader.end()
  return { name, queries }
}

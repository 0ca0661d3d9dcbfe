/** SSH_MSG_EXT_INFO, extensions that a side supports: RFC 8308, section 2.3. */
import { ByteReader } from '../../../wire/byte-reader.ts'
import { ByteWriter } from '../../../wire/byte-writer.ts'
import { refuse } from '../../../wire/protocol-error.ts'
import { readSshString, readText, writeSshString, writeText } from './data-types.ts'
import { SSH_MSG } from './message-numbers.ts'

export type Extension = {
  /** `server-sig-algs`. */
  readonly name: string
  /** What it means depends on the extension. */
  readonly value: Buffer
}

/** @internal Exported for tests. */
export function encodeExtensionInfo(extensions: readonly Extension[]): Buffer {
  const writer = new ByteWriter().uint8(SSH_MSG.EXT_INFO).uint32(extensions.length)
  for (const { name, value } of extensions) writeSshString(writeText(writer, name), value)
  return writer.finish()
}

export function decodeExtensionInfo(payload: Buffer): readonly Extension[] {
  const reader = new ByteReader(payload, 'SSH_MSG_EXT_INFO')
  if (reader.readUint8() !== SSH_MSG.EXT_INFO) refuse('another message than SSH_MSG_EXT_INFO')
  const count = reader.readUint32()
  const extensions: Extension[] = []
  // The count alone allocates nothing: each extension has to be there, eight bytes at the least.
  for (let index = 0; index < count; index++) {
    const name = readText(reader)
    extensions.push({ name, value: Buffer.from(readSshString(reader)) })
  }
  reader.end()
  return extensions
}

/** The commands of the main channel: a number, a length, and data of a form for each. */

import { ByteReader } from '../../wire/byte-reader.ts'
import { type CommandName, MIG_CMD, nameOfNumber } from './constants.ts'
import type { BlockRange, MigrationCommand } from './events.ts'
import type { Decoding, StreamInput } from './stream-input.ts'

type CommandData = Pick<MigrationCommand, 'value' | 'block' | 'ranges' | 'packageLength'>
type CommandForm = {
  /** Whether data may have this length. */
  readonly allows: (length: number) => boolean
  readonly expected: string
  /** Throws or gives undefined where the data breaks the form. */
  readonly read?: (data: Buffer) => CommandData | undefined
}

const EMPTY: CommandForm = { allows: (length) => length === 0, expected: 'no data' }

const FORMS: Readonly<Record<CommandName, CommandForm>> = {
  OPEN_RETURN_PATH: EMPTY,
  PING: fixed(4, (data) => ({ value: data.readUInt32BE() })),
  POSTCOPY_ADVISE: {
    allows: (length) => length === 0 || length === 16,
    expected: '0 or 16 bytes',
  },
  POSTCOPY_LISTEN: EMPTY,
  POSTCOPY_RUN: EMPTY,
  POSTCOPY_RAM_DISCARD: {
    allows: (length) => length >= 3 + 16,
    expected: 'version 0, a block and ranges of 16 bytes',
    read: readDiscard,
  },
  PACKAGED: fixed(4, (data) => ({ packageLength: data.readUInt32BE() })),
  ENABLE_COLO: EMPTY,
  POSTCOPY_RESUME: EMPTY,
  RECV_BITMAP: {
    allows: (length) => length >= 2,
    expected: 'the name of a block',
    read: (data) => (data[0] === data.length - 1 ? { block: textOf(data.subarray(1)) } : undefined),
  },
  SWITCHOVER_START: EMPTY,
}

function fixed(length: number, read: (data: Buffer) => CommandData): CommandForm {
  return { allows: (given) => given === length, expected: `${length} bytes`, read }
}

/** Reads one from behind its type. */
export function* decodeCommand(input: StreamInput): Decoding<Omit<MigrationCommand, 'isPackaged'>> {
  const offset = input.offset - 1
  input.section = 'command'
  const number = yield* input.uint16('the number of a command')
  const length = yield* input.uint16('the length of the command')
  const command =
    nameOfNumber(MIG_CMD, number) ?? input.refuse('a command from 1 to 11', `${number}`, offset + 1)
  input.section = `command ${command}`
  const form = FORMS[command]
  if (!form.allows(length)) input.refuse(form.expected, `${length} bytes`, offset + 3)
  yield* input.need(length, `${length} bytes of data`)
  const data = Buffer.from(input.readBytes(length))
  const read = form.read ? form.read(data) : {}
  if (!read) input.refuse(form.expected, `other data`, offset + 5)
  return { offset, command, length, data, ...read }
}

/** Version, name with its length before and a zero behind it, then pairs of start and length. */
function readDiscard(data: Buffer): CommandData | undefined {
  const nameLength = data[1] ?? 0
  const rangesAt = 3 + nameLength
  const hasForm = data[0] === 0 && data[rangesAt - 1] === 0 && (data.length - rangesAt) % 16 === 0
  if (!hasForm || data.length <= rangesAt) return undefined
  const ranges: BlockRange[] = []
  const reader = new ByteReader(data.subarray(rangesAt), 'ranges')
  while (reader.remaining > 0) {
    const start = Number(reader.readBigUint64())
    ranges.push({ start, length: Number(reader.readBigUint64()) })
  }
  return { block: textOf(data.subarray(2, 2 + nameLength)), ranges }
}

function textOf(bytes: Buffer): string {
  return bytes.toString('latin1')
}

/** Whether a command can begin where `bytes` begin; undefined where more bytes decide. */
export function looksLikeCommand(bytes: Buffer): boolean | undefined {
  if (bytes.length < 5) return undefined
  const command = nameOfNumber(MIG_CMD, bytes.readUInt16BE(1))
  return command !== undefined && FORMS[command].allows(bytes.readUInt16BE(3))
}

/** The return path: what a destination tells its source. */
import { ByteWriter } from '../../wire/byte-writer.ts'
import { MIG_RP_MSG, nameOfNumber, type ReturnPathName } from './constants.ts'
import { ChannelDecoder } from './decoder.ts'
import type { ReturnPathMessage } from './events.ts'
import type { Decoding, StreamInput } from './stream-input.ts'

type Emit = (message: ReturnPathMessage) => void
type MessageData = Pick<ReturnPathMessage, 'value' | 'block' | 'range'>
type MessageForm = {
  readonly expected: string
  readonly allows: (length: number) => boolean
  /** Gives undefined where the data breaks the form. */
  readonly read: (data: Buffer) => MessageData | undefined
}

const FORMS: Readonly<Record<ReturnPathName, MessageForm>> = {
  SHUT: fixed(4, readValue),
  PONG: fixed(4, readValue),
  REQ_PAGES_ID: {
    expected: 'a range and the name of a block',
    allows: (length) => length >= 14,
    read: (data) => {
      const block = readName(data.subarray(12))
      return block === undefined ? undefined : { block, range: readRange(data) }
    },
  },
  REQ_PAGES: fixed(12, (data) => ({ range: readRange(data) })),
  RECV_BITMAP: {
    expected: 'the name of a block',
    allows: (length) => length >= 2,
    read: (data) => {
      const block = readName(data)
      return block === undefined ? undefined : { block }
    },
  },
  RESUME_ACK: fixed(4, readValue),
  SWITCHOVER_ACK: fixed(0, () => ({})),
}

function fixed(length: number, read: (data: Buffer) => MessageData): MessageForm {
  return { expected: `${length} bytes`, allows: (given) => given === length, read }
}

function readValue(data: Buffer): MessageData {
  return { value: data.readUInt32BE() }
}

function readRange(data: Buffer) {
  return { start: Number(data.readBigUInt64BE()), length: data.readUInt32BE(8) }
}

function readName(data: Buffer): string | undefined {
  return data[0] === data.length - 1 ? data.subarray(1).toString('latin1') : undefined
}

export function createReturnPathDecoder(emit: Emit): ChannelDecoder {
  return new ChannelDecoder((input) => decodeReturnPath(input, emit))
}

function* decodeReturnPath(input: StreamInput, emit: Emit): Decoding {
  for (;;) {
    input.section = 'return path'
    if (!(yield* input.has(1))) return
    const message = yield* decodeMessage(input)
    emit(message)
    if (message.message === 'RECV_BITMAP') yield* passBitmap(input)
  }
}

function* decodeMessage(input: StreamInput): Decoding<ReturnPathMessage> {
  const { offset } = input
  const number = yield* input.uint16('the number of a message')
  const length = yield* input.uint16('the length of the message')
  const message =
    nameOfNumber(MIG_RP_MSG, number) ?? input.refuse('a message from 1 to 7', `${number}`, offset)
  input.section = `message ${message}`
  const form = FORMS[message]
  if (!form.allows(length)) input.refuse(form.expected, `${length} bytes`, offset + 2)
  yield* input.need(length, `${length} bytes of data`)
  const data = Buffer.from(input.readBytes(length))
  const read = form.read(data) ?? input.refuse(form.expected, 'other data', offset + 4)
  return { offset, message, length, data, ...read }
}

/** What stands behind the bitmap of received pages. */
const BITMAP_END = 0x0123456789abcdefn

/** A bitmap follows its message: its length, so many bytes, and a mark. */
function* passBitmap(input: StreamInput): Decoding {
  const length = yield* input.uint64('the length of a bitmap')
  yield* input.pass(length, `${length} bytes of a bitmap`)
  yield* input.need(8, 'the end of a bitmap')
  const { offset } = input
  if (input.readBytes(8).readBigUInt64BE() !== BITMAP_END) {
    input.refuse('the end of a bitmap', 'other bytes', offset)
  }
}

/** SHUT ends the return path. @param status 0 where the guest was taken. */
export function encodeShut(status: number): Buffer {
  return encodeMessage('SHUT', status)
}

/** Answers PING. @param value What PING said. */
export function encodePong(value: number): Buffer {
  return encodeMessage('PONG', value)
}

/** Lets a source with the capability switchover-ack stop its guest. */
export function encodeSwitchoverAck(): Buffer {
  return new ByteWriter().uint16(MIG_RP_MSG.SWITCHOVER_ACK).uint16(0).finish()
}

function encodeMessage(message: 'SHUT' | 'PONG', value: number): Buffer {
  return new ByteWriter().uint16(MIG_RP_MSG[message]).uint16(4).uint32(value).finish()
}

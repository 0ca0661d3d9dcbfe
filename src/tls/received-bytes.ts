/**
 * Takes what a session or a socket receives without a new buffer for each read.
 *
 * A `data` event of a session brings 16 KiB in a buffer of its own, and to make it costs as much as to
 * decrypt what is in it. `onread` of node:net reads into one buffer again and again, but there is no such option
 * for connections that a server accepts, and node:tls ignores it where a session begins over a connection that
 * is already there, as after STARTTLS. So the fields that the option would fill are filled here. They are
 * no part of Node's interface: where they are not as expected, `data` events bring the bytes.
 */
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'

/** The largest plaintext of a record, in bytes (RFC 8446, section 5.1). */
const RECORD = 16_384

/** How much is read at a time of a socket in clear, in bytes. */
const READ_SIZE = 65_536

/** The fields of a socket that `onread` fills: the buffer, what takes it, and what makes the next one. */
const FIELDS = ['kBuffer', 'kBufferCb', 'kBufferGen'] as const

type Field = (typeof FIELDS)[number]

/** What takes bytes. They are valid until it returns: what is needed longer has to be copied. */
export type TakeBytes = (bytes: Buffer) => void

/**
 * Hands over everything that a stream receives from now on, beginning with what it holds unread. `end`,
 * `close`, `pause` and `resume` are those of the stream; the stream is to be resumed by the caller.
 *
 * @returns what ends it; bytes that come later are lost.
 */
export function takeReceivedBytes(stream: Duplex, take: TakeBytes): () => void {
  for (;;) {
    const unread: Buffer | null = stream.read()
    if (unread === null) break
    take(unread)
  }
  // What a stream still holds comes by events, also where the rest does not.
  stream.on('data', take)
  const forget = readIntoOneBuffer(stream, take)
  return () => {
    stream.off('data', take)
    forget()
  }
}

/**
 * Whether the fields of a socket are those that are filled here.
 *
 * @internal Exported for tests.
 */
export function canReadIntoOneBuffer(stream: Duplex): boolean {
  return findSymbols(stream) !== undefined && useUserBufferOf(stream) !== undefined
}

function readIntoOneBuffer(stream: Duplex, take: TakeBytes): () => void {
  const symbols = findSymbols(stream)
  const useUserBuffer = useUserBufferOf(stream)
  if (!symbols || !useUserBuffer) return () => {}
  let takeNow: TakeBytes = take
  const buffer = Buffer.allocUnsafeSlow(stream instanceof TLSSocket ? RECORD : READ_SIZE)
  const fields = stream as unknown as Record<symbol, unknown>
  fields[symbols.kBuffer] = buffer
  fields[symbols.kBufferCb] = (length: number): boolean => {
    takeNow(buffer.subarray(0, length))
    return true
  }
  useUserBuffer(buffer)
  return () => {
    takeNow = () => {}
  }
}

type Symbols = { readonly [Name in Field]: symbol }

/** The three fields of a session or a socket that nothing has filled. */
function findSymbols(stream: Duplex): Symbols | undefined {
  if (!(stream instanceof Socket) || stream.destroyed) return undefined
  const own = Object.getOwnPropertySymbols(stream)
  const found = FIELDS.map((name) => own.find(({ description }) => description === name))
  const fields = stream as unknown as Record<symbol, unknown>
  const isFree = found.every((symbol) => symbol !== undefined && fields[symbol] === null)
  if (!isFree) return undefined
  const [kBuffer, kBufferCb, kBufferGen] = found as symbol[]
  return { kBuffer, kBufferCb, kBufferGen } as Symbols
}

type UseUserBuffer = (buffer: Buffer) => void

function useUserBufferOf(stream: Duplex): UseUserBuffer | undefined {
  const handle = (stream as { _handle?: { useUserBuffer?: UseUserBuffer } | null })._handle
  const method = handle?.useUserBuffer
  return typeof method === 'function' ? (buffer) => method.call(handle, buffer) : undefined
}

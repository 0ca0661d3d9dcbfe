/** What makes the conduct of a hostile NBD server: all that it says over one connection. */
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { encodeBlockStatus, writeOffsetDataPrefix } from '../../src/nbd/protocol/chunks.ts'
import {
  NBD_CMD,
  NBD_INFO,
  NBD_OPT,
  NBD_REP,
  NBD_REPLY_TYPE,
} from '../../src/nbd/protocol/constants.ts'
import { encodeOptionReply } from '../../src/nbd/protocol/option-header.ts'
import { encodeInformation, encodeListedExport } from '../../src/nbd/protocol/option-replies.ts'
import { STRUCTURED_REPLY_SIZE, writeStructuredReply } from '../../src/nbd/protocol/replies.ts'
import type { Request } from '../../src/nbd/protocol/requests.ts'
import type { Random } from '../fuzz/random.ts'
import { type Script, serveClient } from './hostile-server.ts'

/** A socket, or a stream that changes what is sent to one. */
export type Wire = Duplex & Pick<Socket, 'resetAndDestroy' | 'setNoDelay'>

export type Conduct = (socket: Wire) => void

/** Sets a title of the terminal, clears it, turns the writing round and begins a line of its own. */
export const ESCAPES = '\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\u2066\r\nINJECTED: line\u2028\x7f'

const { OFFSET_DATA, BLOCK_STATUS, NONE } = NBD_REPLY_TYPE

export function chunk(request: Request, type: number, payload: Buffer, flags = 1): Buffer {
  const header = Buffer.alloc(STRUCTURED_REPLY_SIZE)
  writeStructuredReply(header, 0, { ...request, flags, type, length: payload.length })
  return Buffer.concat([header, payload])
}

export function dataChunk(request: Request, from: number, length: number, flags: number): Buffer {
  const payload = Buffer.alloc(8 + length, 0x61)
  writeOffsetDataPrefix(payload, 0, request.offset + from)
  return chunk(request, OFFSET_DATA, payload, flags)
}

/** An answer as a true server gives it: half of what is mapped is a hole. */
export function honestReply(request: Request): Buffer {
  const { command, length } = request
  if (command === NBD_CMD.READ) return dataChunk(request, 0, length, 1)
  if (command !== NBD_CMD.BLOCK_STATUS) return chunk(request, NONE, Buffer.alloc(0))
  const half = Math.max(1, Math.floor(length / 2))
  const extents = [
    { length: half, status: 0 },
    { length: half, status: 3 },
  ]
  return chunk(request, BLOCK_STATUS, encodeBlockStatus({ contextId: 7, extents }))
}

/** As an honest server does, but for what the script says. */
export function scripted({ onOption, ...script }: Script): Conduct {
  const answer = (option: number, data: Buffer) =>
    onOption?.(option, data) ?? (option === NBD_OPT.LIST ? LISTED : undefined)
  return (socket) => serveClient(socket, { onRequest: honestReply, ...script, onOption: answer })
}

/** Sends the same bytes for as long as the client reads. */
export function pourForever(socket: Duplex, bytes: Buffer): void {
  const pour = (): void => {
    if (!socket.destroyed && socket.writable) socket.write(bytes, () => setImmediate(pour))
  }
  pour()
}

function repeated(bytes: Buffer): Buffer {
  return Buffer.concat(Array.from({ length: Math.ceil(65_536 / bytes.length) }, () => bytes))
}

/** Answers each option with replies that never come to their end. */
function endlessOptions(answer: (option: number) => Buffer | undefined): Conduct {
  return (socket) => {
    const onOption = (option: number): Buffer | undefined => {
      const reply = answer(option)
      if (!reply) return undefined
      pourForever(socket, repeated(reply))
      return Buffer.alloc(0)
    }
    serveClient(socket, { onOption, onRequest: honestReply })
  }
}

export function endlessReply(asked: readonly number[], type: number, data: Buffer): Conduct {
  return endlessOptions((option) =>
    asked.includes(option) ? encodeOptionReply(option, type, data) : undefined,
  )
}

/** Pours parts of a reply to the first request of a command, none of them the last. */
export function endlessChunks(command: number, part: (request: Request) => Buffer): Conduct {
  return scripted({
    onRequest: (request, socket) => {
      if (request.command !== command) return honestReply(request)
      pourForever(socket, repeated(part(request)))
      return undefined
    },
  })
}

export const ASKING: readonly number[] = [NBD_OPT.GO, NBD_OPT.INFO]

/** A list with the one export that the command lines ask for. */
const LISTED = Buffer.concat([
  encodeOptionReply(
    NBD_OPT.LIST,
    NBD_REP.SERVER,
    encodeListedExport({ name: 'disk', description: 'a disk' }),
  ),
  encodeOptionReply(NBD_OPT.LIST, NBD_REP.ACK),
])

function describedAs(...informations: readonly Buffer[]): Conduct {
  return enteredAfter((option) => {
    if (option === NBD_OPT.LIST) return LISTED
    if (!ASKING.includes(option)) return undefined
    const replies = informations.map((data) => encodeOptionReply(option, NBD_REP.INFO, data))
    return Buffer.concat([...replies, encodeOptionReply(option, NBD_REP.ACK)])
  })
}

/** The server of scripts takes an option that a script answers for refused; this one goes on behind it. */
function enteredAfter(onOption: (option: number) => Buffer | undefined): Conduct {
  return (socket) => {
    const wire = replacing(socket, (bytes) => {
      const isReply = bytes.length >= 20 && bytes.readUInt32BE(0) === 0x0003_e889
      const option = isReply ? bytes.readUInt32BE(8) : 0
      return (isReply ? onOption(option) : undefined) ?? bytes
    })
    serveClient(wire, { onRequest: honestReply })
  }
}

/** A socket whose written messages are changed on their way. */
function replacing(socket: Wire, change: (bytes: Buffer) => Buffer): Duplex {
  const wire = new Duplex({
    read: () => {},
    write: (bytes: Buffer, _, done) => {
      socket.write(change(bytes), () => done())
    },
  })
  socket.on('data', (bytes) => wire.push(bytes))
  socket.on('close', () => wire.destroy())
  return wire
}

/** Gives a server's bytes one by one. */
export function dribbling(script: Script): Conduct {
  return (socket) => {
    socket.setNoDelay(true)
    const wire = replacing(socket, (bytes) => {
      for (const byte of bytes.subarray(0, -1)) socket.write(Buffer.of(byte))
      return bytes.subarray(-1)
    })
    serveClient(wire, { onRequest: honestReply, ...script })
  }
}

/** Says what an honest server says, and resets the connection after so many messages. */
export function resetAfter(messages: number): Conduct {
  return (socket) => {
    let left = messages
    const wire = replacing(socket, (bytes) => {
      if (left-- > 0) return bytes
      socket.resetAndDestroy()
      return Buffer.alloc(0)
    })
    serveClient(wire, { onRequest: honestReply })
  }
}

export function ofSize(size: number | bigint, ...more: readonly Buffer[]): Conduct {
  return describedAs(encodeInformation({ type: NBD_INFO.EXPORT, size, flags: 0x5 }), ...more)
}

/** The same, with single bytes changed, messages cut off, and a reset at times. */
export function changedAtRandom(random: Random, conduct: Conduct): Conduct {
  return (socket) => {
    const isReset = random.below(4) === 0
    const wire = replacing(socket, (bytes) => {
      if (random.below(12) > 0 || bytes.length === 0) return bytes
      if (isReset) socket.resetAndDestroy()
      const changed = Buffer.from(bytes)
      for (let left = random.below(4); left > 0; left--) {
        changed[random.below(Math.min(changed.length, 64))] = random.below(256)
      }
      return changed.subarray(0, random.below(3) === 0 ? random.below(bytes.length) : undefined)
    })
    conduct(Object.assign(wire, resets(socket)))
  }
}

/** What conducts use of a socket beyond a stream. */
function resets(socket: Wire): Pick<Wire, 'resetAndDestroy' | 'setNoDelay'> {
  return {
    resetAndDestroy: () => socket.resetAndDestroy(),
    setNoDelay: () => socket.setNoDelay(),
  }
}

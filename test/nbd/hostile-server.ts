/** A server that sends what a test tells it to, written on our codecs. */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { onTestFinished } from 'vitest'
import type { BlockSizes } from '../../src/nbd/protocol/block-sizes.ts'
import { NBD_FLAG, NBD_INFO, NBD_OPT, NBD_REP } from '../../src/nbd/protocol/constants.ts'
import { CLIENT_FLAGS_SIZE, encodeGreeting } from '../../src/nbd/protocol/greeting.ts'
import {
  decodeOptionHeader,
  encodeOptionReply,
  OPTION_HEADER_SIZE,
} from '../../src/nbd/protocol/option-header.ts'
import { encodeInformation, encodeMetaContext } from '../../src/nbd/protocol/option-replies.ts'
import {
  createRequest,
  EXTENDED_REQUEST_SIZE,
  payloadLength,
  REQUEST_SIZE,
  type Request,
  readExtendedRequest,
  readRequest,
} from '../../src/nbd/protocol/requests.ts'
import type { SocketAddress } from '../../src/net/address.ts'
import { scratchFolder } from '../cli/command.ts'

export const SIZE = 1 << 20

/** Size, and every flag that a client uses. */
export const EXPORT = encodeInformation({
  type: NBD_INFO.EXPORT,
  size: SIZE,
  flags: 0x1 | 0x4 | 0x40,
})

export type Script = {
  /** Of the export; not looked at where the script answers NBD_OPT_GO. */
  readonly export?: { readonly size: number; readonly flags: number }
  /** Told of the export; none are without it. */
  readonly sizes?: BlockSizes
  /** Sent when a client connects. */
  readonly greeting?: Buffer
  /** What is sent for an option; undefined for an honest answer. */
  readonly onOption?: (option: number, data: Buffer) => Buffer | undefined
  /** What is sent for a request at once; the rest goes to the socket when the script likes. */
  readonly onRequest?: (request: Request, socket: Duplex) => Buffer | undefined
  /** Headers that the server accepts. */
  readonly headers?: 'simple' | 'structured' | 'extended'
}

export type HostileServer = {
  readonly address: SocketAddress
  /** The options that clients have sent. */
  readonly options: number[]
  /** Every byte that clients have sent. */
  readonly received: () => Buffer
}

/** Serves every client by a script, or each by its own, until the test ends. */
export async function startHostileServer(
  script: Script | ((connection: number) => Script),
): Promise<HostileServer> {
  const path = join(scratchFolder(), 'hostile.sock')
  const options: number[] = []
  const received: Buffer[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', (data: Buffer) => received.push(data))
    serveClient(socket, typeof script === 'function' ? script(sockets.size) : script, options)
  })
  server.listen(path)
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = { kind: 'unix', path } as const
  return { address, options, received: () => Buffer.concat(received) }
}

function describeExport(script: Script): Buffer {
  if (!script.export) return EXPORT
  return encodeInformation({ type: NBD_INFO.EXPORT, ...script.export })
}

function describeSizes(sizes: BlockSizes): Buffer {
  return encodeInformation({ type: NBD_INFO.BLOCK_SIZE, sizes })
}

/** What an honest server answers to an option. */
export function honestAnswer(option: number, script: Script): Buffer {
  const reply = (type: number, data?: Buffer) => encodeOptionReply(option, type, data)
  const headers = script.headers ?? 'structured'
  switch (option) {
    case NBD_OPT.STRUCTURED_REPLY:
      return reply(headers === 'structured' ? NBD_REP.ACK : NBD_REP.ERR_UNSUP)
    case NBD_OPT.EXTENDED_HEADERS:
      return reply(headers === 'extended' ? NBD_REP.ACK : NBD_REP.ERR_UNSUP)
    case NBD_OPT.SET_META_CONTEXT: {
      const context = encodeMetaContext({ id: 7, name: 'base:allocation' })
      return Buffer.concat([reply(NBD_REP.META_CONTEXT, context), reply(NBD_REP.ACK)])
    }
    case NBD_OPT.GO:
    case NBD_OPT.INFO:
      return Buffer.concat([
        reply(NBD_REP.INFO, describeExport(script)),
        ...(script.sizes ? [reply(NBD_REP.INFO, describeSizes(script.sizes))] : []),
        reply(NBD_REP.ACK),
      ])
    default:
      return reply(NBD_REP.ERR_UNSUP)
  }
}

/** Serves one client from the greeting on. */
export function serveClient(socket: Duplex, script: Script, options: number[] = []): void {
  new Session(socket, script, options).begin()
}

/** Answers options and then requests over a connection that has its greeting behind it. */
export function serveOptions(socket: Duplex, script: Script): void {
  new Session(socket, script, []).listenForOptions()
}

class Session {
  readonly #socket: Duplex
  readonly #script: Script
  readonly #options: number[]
  #bytes = Buffer.alloc(0)
  #take: () => boolean = () => this.#takeFlags()

  constructor(socket: Duplex, script: Script, options: number[]) {
    this.#socket = socket
    this.#script = script
    this.#options = options
  }

  begin(): void {
    const flags = NBD_FLAG.FIXED_NEWSTYLE | NBD_FLAG.NO_ZEROES
    this.#socket.write(this.#script.greeting ?? encodeGreeting(flags))
    this.#listen()
  }

  /** After the greeting and the client's flags. */
  listenForOptions(): void {
    this.#take = () => this.#takeOption()
    this.#listen()
  }

  #listen(): void {
    this.#socket.on('data', (data: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, data])
      try {
        while (this.#take());
      } catch {
        // The client speaks TLS by now, which this server never does.
        this.#take = () => false
        this.#socket.write('This is no TLS.')
      }
    })
  }

  #takeFlags(): boolean {
    if (!this.#cut(CLIENT_FLAGS_SIZE)) return false
    this.#take = () => this.#takeOption()
    return true
  }

  #takeOption(): boolean {
    if (this.#bytes.length < OPTION_HEADER_SIZE) return false
    const { option, length } = decodeOptionHeader(this.#bytes.subarray(0, OPTION_HEADER_SIZE))
    const message = this.#cut(OPTION_HEADER_SIZE + length)
    if (!message) return false
    this.#options.push(option)
    const answer = this.#script.onOption?.(option, message.subarray(OPTION_HEADER_SIZE))
    this.#socket.write(answer ?? honestAnswer(option, this.#script))
    const isEntered = option === NBD_OPT.GO ? answer === undefined : option === NBD_OPT.EXPORT_NAME
    if (isEntered) this.#take = () => this.#takeRequest()
    return true
  }

  #takeRequest(): boolean {
    const isExtended = this.#script.headers === 'extended'
    const size = isExtended ? EXTENDED_REQUEST_SIZE : REQUEST_SIZE
    if (this.#bytes.length < size) return false
    const request = createRequest()
    const read = isExtended ? readExtendedRequest : readRequest
    read(this.#bytes, 0, request)
    if (!this.#cut(size + payloadLength(request, isExtended))) return false
    const answer = this.#script.onRequest?.(request, this.#socket)
    if (answer) this.#socket.write(answer)
    return true
  }

  #cut(length: number): Buffer | undefined {
    if (this.#bytes.length < length) return undefined
    const part = this.#bytes.subarray(0, length)
    this.#bytes = this.#bytes.subarray(length)
    return part
  }
}

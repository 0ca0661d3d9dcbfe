/** A client that says exactly what a test wants, right or wrong, and shows each byte it is told. */
import { once } from 'node:events'
import { connect as connectSocket, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import type { ReplyStyle } from '../../../src/nbd/exports/nbd-export.ts'
import { BASE_ALLOCATION, NBD_OPT, NBD_REP } from '../../../src/nbd/protocol/constants.ts'
import { encodeClientFlags, GREETING_SIZE } from '../../../src/nbd/protocol/greeting.ts'
import {
  encodeExportName,
  encodeInfoOption,
  encodeMetaContextOption,
} from '../../../src/nbd/protocol/option-data.ts'
import {
  decodeOptionReplyHeader,
  encodeOption,
  OPTION_REPLY_HEADER_SIZE,
} from '../../../src/nbd/protocol/option-header.ts'
import { ByteChannel } from '../../../src/net/byte-channel.ts'

export type OptionReply = { readonly option: number; readonly type: number; readonly data: Buffer }

export class RawClient {
  readonly channel: ByteChannel

  constructor(stream: Duplex) {
    stream.on('error', () => {})
    this.channel = new ByteChannel(stream)
  }

  /** Connects to a Unix socket, or to a port of this host, and reads the greeting. */
  static async connect(place: string | number): Promise<RawClient> {
    const socket =
      typeof place === 'string' ? connectSocket(place) : connectSocket(place, '127.0.0.1')
    await once(socket, 'connect')
    const client = new RawClient(socket)
    await client.channel.read(GREETING_SIZE)
    return client
  }

  /** Connects and sends its flags: both of them, unless told otherwise. */
  static async greet(place: string | number, flags = 3): Promise<RawClient> {
    const client = await RawClient.connect(place)
    client.send(encodeClientFlags(flags))
    return client
  }

  get stream(): Duplex {
    return this.channel.stream
  }

  send(...parts: readonly Buffer[]): void {
    this.stream.write(Buffer.concat(parts))
  }

  async readOptionReply(): Promise<OptionReply> {
    const header = decodeOptionReplyHeader(await this.channel.read(OPTION_REPLY_HEADER_SIZE))
    return { ...header, data: await this.channel.read(header.length) }
  }

  /** Sends an option and reads all of its replies: the last is an ACK or an error. */
  async option(option: number, data?: Buffer): Promise<readonly OptionReply[]> {
    this.send(encodeOption(option, data))
    const replies: OptionReply[] = []
    for (;;) {
      const reply = await this.readOptionReply()
      replies.push(reply)
      if (reply.type === NBD_REP.ACK || reply.type > NBD_REP.META_CONTEXT) return replies
    }
  }

  /** The type of the last reply to an option. */
  async outcome(option: number, data?: Buffer): Promise<number> {
    return (await this.option(option, data)).at(-1)!.type
  }

  /** The client's side of TLS, which trusts every server. */
  async startTls(): Promise<void> {
    if ((await this.outcome(NBD_OPT.STARTTLS)) !== NBD_REP.ACK) throw new Error('no TLS')
    await this.secure()
  }

  /** A handshake on what was agreed already, or not. */
  async secure(): Promise<void> {
    await this.channel.replace(async (stream) => {
      const socket = connectTls({ socket: stream as Socket, rejectUnauthorized: false })
      socket.on('error', () => {})
      await once(socket, 'secureConnect')
      return { socket }
    })
  }

  /** Agrees on a style of replies and on block status, and begins to use an export. */
  async go(style: ReplyStyle, name = ''): Promise<void> {
    const { SET_META_CONTEXT, GO } = NBD_OPT
    if (style === 'structured') await this.outcome(NBD_OPT.STRUCTURED_REPLY)
    if (style === 'extended') await this.outcome(NBD_OPT.EXTENDED_HEADERS)
    const query = encodeMetaContextOption({ name, queries: [BASE_ALLOCATION] })
    if (style !== 'simple') await this.outcome(SET_META_CONTEXT, query)
    const type = await this.outcome(GO, encodeInfoOption({ name, information: [] }))
    if (type !== NBD_REP.ACK) throw new Error(`GO was answered by 0x${type.toString(16)}`)
  }

  exportName(name: string): void {
    this.send(encodeOption(NBD_OPT.EXPORT_NAME, encodeExportName(name)))
  }

  /** Whatever the server still sends, up to its end. */
  async readToEnd(): Promise<Buffer> {
    const parts: Buffer[] = []
    const stream = this.channel.release()
    stream.on('error', () => {})
    stream.on('data', (part: Buffer) => parts.push(part)).resume()
    await new Promise<void>((resolve) => {
      if (stream.readableEnded || stream.closed) resolve()
      stream.once('end', resolve).once('close', resolve)
    })
    return Buffer.concat(parts)
  }
}

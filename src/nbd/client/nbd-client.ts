/** One connection to an export: reads, writes and all the rest, cut into requests that the server takes. */
import {
  integerWithin,
  refuseArgument,
  requireBuffer,
  requireOneOf,
  requireString,
} from '../../arguments/single-values.ts'
import { fail } from '../../diagnostics/diagnostic.ts'
import type { SocketAddress } from '../../net/address.ts'
import { checkAddress } from '../../net/address-arguments.ts'
import type { TlsFacts } from '../../tls/credentials/tls-session.ts'
import type { Extent } from '../protocol/chunks.ts'
import { NBD_CMD, NBD_CMD_FLAG, NBD_TRANSMISSION_FLAG } from '../protocol/constants.ts'
import {
  chooseContext,
  chooseHeaders,
  type ExportInfo,
  enterExport,
  type HeaderStyle,
} from './client-negotiation.ts'
import { ClientTransmission, type WireRequest } from './client-transmission.ts'
import { sendInPieces } from './in-pieces.ts'
import { checkClientOptions, checkDurability, checkZeroing } from './nbd-client-arguments.ts'
import { NBD_CLIENT_KINDS } from './nbd-client-diagnostics.ts'
import { completeOptions, type NbdClientOptions, negotiate } from './open-connection.ts'

/** The most that is asked for at once: smaller pieces are answered side by side. */
const PIECE_LIMIT = 0x20_0000

/** What a command without data works on at once: more would keep a slow server silent too long. */
const EFFECT_LIMIT = 0x1000_0000

/** What block status is asked about at once. The compact header has 32 bits for it. */
export const STATUS_LIMIT = 0x8000_0000

const FLAG_NAMES = Object.keys(NBD_TRANSMISSION_FLAG) as (keyof typeof NBD_TRANSMISSION_FLAG)[]

const requireCount = integerWithin(0)

/** A connection to one export. `NbdClient.connect` makes it. */
export class NbdClient {
  /** What messages call the server: `host:port`, or the path of its socket. */
  readonly server: string
  readonly info: ExportInfo
  readonly headers: HeaderStyle
  /** Undefined where the connection is in clear. */
  readonly tls: TlsFacts | undefined
  /** What block status tells of: `base:allocation` tells data from holes. */
  readonly context: string
  /** Whether the server has that context. */
  readonly hasBlockStatus: boolean
  readonly #transmission: ClientTransmission
  readonly #piece: number

  private constructor(server: string, entered: Entered, transmission: ClientTransmission) {
    this.server = server
    this.info = entered.info
    this.headers = entered.headers
    this.tls = entered.tls
    this.context = entered.context
    this.hasBlockStatus = entered.contextId !== undefined
    this.#transmission = transmission
    const { minimum, maximum } = entered.info.blockSizes
    const limit = Math.min(maximum, PIECE_LIMIT)
    this.#piece = limit - (limit % minimum)
  }

  /**
   * Connects to an export.
   *
   * @param name Of the export; empty for the default one.
   * @throws DiagnosticError NBD_..., or TLS_... where the server is not who it has to be.
   */
  static async connect(
    address: SocketAddress,
    name: string,
    options: NbdClientOptions = {},
  ): Promise<NbdClient> {
    checkAddress(address, 'address')
    requireString(name, 'name')
    checkClientOptions(options, 'options')
    const settings = completeOptions(options)
    const { channel, result } = await negotiate(address, settings, async (open) => {
      const headers = await chooseHeaders(open)
      const { context } = settings
      const contextId = headers === 'simple' ? undefined : await chooseContext(open, name, context)
      const info = await enterExport(open, headers, name)
      return { headers, context, contextId, info, tls: open.tls }
    })
    const { timeout, maximumInFlight } = settings
    const { headers: style, contextId } = result
    const transmission = new ClientTransmission(channel.release(), {
      ...{ server: channel.server, style, timeout, maximumInFlight },
      ...(contextId === undefined ? {} : { contextId }),
    })
    return new NbdClient(channel.server, result, transmission)
  }

  /** Whether a transmission flag of the export is set. */
  can(flag: keyof typeof NBD_TRANSMISSION_FLAG): boolean {
    requireOneOf(flag, FLAG_NAMES, 'flag')
    const { flags } = this.info
    return (flags & 1) !== 0 && (flags & NBD_TRANSMISSION_FLAG[flag]) !== 0
  }

  /** Whether requests can still be sent. */
  get isOpen(): boolean {
    return this.#transmission.isOpen
  }

  /** @param given Where the data goes, of the length that is read; a new buffer without it. */
  async read(offset: number, length: number, given?: Buffer): Promise<Buffer> {
    this.#check(offset, length)
    if (given !== undefined && requireBuffer(given, 'given').length !== length) {
      refuseArgument('given.length', `${length}, as the length that is read`, given.length)
    }
    const target = given ?? Buffer.allocUnsafe(length)
    const command = NBD_CMD.READ
    if (length <= this.#piece) await this.#transmission.send({ command, offset, length, target })
    else {
      await sendInPieces(offset, length, this.#piece, (at, size) =>
        this.#send({ command, offset: at, length: size, target: slice(target, at - offset, size) }),
      )
    }
    return target
  }

  /** The data must not change until it is written. With `durable` it is then on disk. */
  async write(offset: number, data: Buffer, options: { durable?: boolean } = {}): Promise<void> {
    requireBuffer(data, 'data')
    checkDurability(options, 'options')
    this.#requireWritable(NBD_CMD.WRITE)
    this.#check(offset, data.length)
    const command = NBD_CMD.WRITE
    const extended = this.headers === 'extended' ? NBD_CMD_FLAG.PAYLOAD_LEN : 0
    const flags = this.#durability(options.durable) | extended
    await sendInPieces(offset, data.length, this.#piece, (at, size) =>
      this.#send({
        command,
        flags,
        offset: at,
        length: size,
        payload: slice(data, at - offset, size),
      }),
    )
    await this.#flushInstead(options.durable)
  }

  /** Waits until everything that was written before is on disk. */
  async flush(): Promise<void> {
    if (!this.can('SEND_FLUSH')) return
    await this.#send({ command: NBD_CMD.FLUSH, offset: 0, length: 0 })
  }

  /** Says that the bytes are not needed: they read as anything afterwards. */
  async trim(offset: number, length: number, options: { durable?: boolean } = {}): Promise<void> {
    checkDurability(options, 'options')
    await this.#withoutData(NBD_CMD.TRIM, 'SEND_TRIM', offset, length, options)
  }

  /**
   * Makes bytes zero.
   *
   * @param options `keep`: they stay allocated. `fast`: fails where writing would be as fast.
   */
  async zero(
    offset: number,
    length: number,
    options: { durable?: boolean; keep?: boolean; fast?: boolean } = {},
  ): Promise<void> {
    checkZeroing(options, 'options')
    const flags =
      (options.keep ? NBD_CMD_FLAG.NO_HOLE : 0) | (options.fast ? NBD_CMD_FLAG.FAST_ZERO : 0)
    await this.#withoutData(
      NBD_CMD.WRITE_ZEROES,
      'SEND_WRITE_ZEROES',
      offset,
      length,
      options,
      flags,
    )
  }

  /** Asks the server to have the bytes at hand. */
  async cache(offset: number, length: number): Promise<void> {
    await this.#withoutData(NBD_CMD.CACHE, 'SEND_CACHE', offset, length, {})
  }

  /**
   * Tells data from holes: runs of bytes, each with its NBD_STATE, from the offset on. Together at
   * least one byte, and at most as many as were asked about.
   */
  async blockStatus(offset: number, length: number): Promise<readonly Extent[]> {
    if (!this.hasBlockStatus) this.#refuseCommand(NBD_CMD.BLOCK_STATUS)
    this.#check(offset, length)
    const asked = Math.min(length, STATUS_LIMIT)
    const answer = await this.#send({ command: NBD_CMD.BLOCK_STATUS, offset, length: asked })
    const extents: Extent[] = []
    let left = asked
    // The last extent may go beyond what was asked about.
    for (const extent of answer) {
      const known = Math.min(extent.length, left)
      if (known > 0) addExtent(extents, { length: known, status: extent.status })
      left -= known
    }
    return extents
  }

  /** Says good-bye and closes the connection. */
  async disconnect(): Promise<void> {
    await this.#transmission.disconnect()
  }

  /** Closes the connection at once; whatever is on its way fails. */
  destroy(): void {
    this.#transmission.destroy()
  }

  #send(request: WireRequest): Promise<readonly Extent[]> {
    return this.#transmission.send(request)
  }

  async #withoutData(
    command: number,
    flag: keyof typeof NBD_TRANSMISSION_FLAG,
    offset: number,
    length: number,
    { durable }: { readonly durable?: boolean },
    flags = 0,
  ): Promise<void> {
    if (command !== NBD_CMD.CACHE) this.#requireWritable(command)
    if (!this.can(flag)) this.#refuseCommand(command)
    this.#check(offset, length)
    const all = flags | this.#durability(durable)
    await sendInPieces(offset, length, EFFECT_LIMIT, (at, size) =>
      this.#send({ command, flags: all, offset: at, length: size }),
    )
    await this.#flushInstead(durable)
  }

  #durability(durable: boolean | undefined): number {
    return durable && this.can('SEND_FUA') ? NBD_CMD_FLAG.FUA : 0
  }

  /** A server without FUA makes it durable with a flush. */
  async #flushInstead(durable: boolean | undefined): Promise<void> {
    if (durable && !this.can('SEND_FUA')) await this.flush()
  }

  #check(offset: number, length: number): void {
    requireCount(offset, 'offset')
    requireCount(length, 'length')
    const { size, blockSizes } = this.info
    const { minimum } = blockSizes
    const isAligned = offset % minimum === 0 && (length % minimum === 0 || offset + length === size)
    if (isAligned && offset + length <= size) return
    fail(NBD_CLIENT_KINDS.outOfRange, { offset, length, size, minimum })
  }

  #requireWritable(command: number): void {
    if (this.can('READ_ONLY')) this.#refuseCommand(command)
  }

  #refuseCommand(command: number): never {
    fail(NBD_CLIENT_KINDS.cannotDo, { server: this.server, command })
  }
}

type Entered = {
  readonly headers: HeaderStyle
  readonly context: string
  readonly contextId: number | undefined
  readonly info: ExportInfo
  readonly tls: TlsFacts | undefined
}

function slice(buffer: Buffer, start: number, length: number): Buffer {
  return start === 0 && length === buffer.length ? buffer : buffer.subarray(start, start + length)
}

/** Joins extents of the same status: what counts is where it changes. */
function addExtent(extents: Extent[], extent: Extent): void {
  const last = extents.at(-1)
  if (last?.status !== extent.status) extents.push(extent)
  else extents[extents.length - 1] = { length: last.length + extent.length, status: last.status }
}

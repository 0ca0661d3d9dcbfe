/**
 * A server's side of the negotiation: reads options until one of them begins the transmission.
 *
 * Network Block Device protocol, section "Fixed newstyle negotiation". Each option has a file in
 * options/; what holds for all of them stands here: who may speak before TLS, and how much.
 */
import { type Diagnostic, diagnose } from '../../diagnostics/diagnostic.ts'
import type { ByteChannel } from '../../net/byte-channel.ts'
import type { TlsSession } from '../../tls/credentials/tls-session.ts'
import { ProtocolError, refuse } from '../../wire/protocol-error.ts'
import { type Agreement, type NegotiatedExport, nothingAgreed } from '../exports/agreement.ts'
import type { NbdExport } from '../exports/nbd-export.ts'
import { transmissionFlags } from '../exports/nbd-export.ts'
import { NBD_FLAG, NBD_OPT, NBD_REP } from '../protocol/constants.ts'
import { CLIENT_FLAGS_SIZE, decodeClientFlags, encodeGreeting } from '../protocol/greeting.ts'
import { optionName } from '../protocol/names.ts'
import {
  decodeOptionHeader,
  encodeOptionReply,
  OPTION_HEADER_SIZE,
  type OptionHeader,
} from '../protocol/option-header.ts'
import { encodeErrorText } from '../protocol/option-replies.ts'
import { OPTION_HANDLERS } from './options/all-options.ts'
import type { Next, OptionContext, ServerOffer } from './options/option-context.ts'
import { NBD_SERVER_KINDS } from './server-diagnostics.ts'

/** The longest data of an option that is looked at, in bytes. */
const DATA_LIMIT = 65_536

/** The longest data that is skipped; a peer that sends more has lost count, or is no client. */
const SKIP_LIMIT = 0x200_0000

/** Options that every client may send, and more for each export, which a client may ask about. */
const OPTION_LIMIT = 64
const OPTIONS_PER_EXPORT = 8

const TLS_REQUIRED = 'this NBD server requires TLS; connect with TLS credentials'

/** Refusals that leave a client nothing to go on with. */
const DECISIVE: ReadonlySet<number> = new Set([
  NBD_REP.ERR_TLS_REQD,
  NBD_REP.ERR_POLICY,
  NBD_REP.ERR_UNKNOWN,
])

export class Negotiation implements OptionContext {
  readonly offer: ServerOffer
  readonly channel: ByteChannel
  agreement: Agreement = nothingAgreed()
  session: TlsSession | undefined
  /** Why the last option came to nothing, where that may be why the client leaves. */
  refusal: Diagnostic | undefined
  #clientFlags = 0

  constructor(channel: ByteChannel, offer: ServerOffer) {
    this.channel = channel
    this.offer = offer
  }

  /**
   * @returns undefined where the client has ended the negotiation.
   * @throws ProtocolError, ConnectionEnded, or DiagnosticError from a failed handshake.
   */
  async run(): Promise<NegotiatedExport | undefined> {
    await this.channel.write(encodeGreeting(NBD_FLAG.FIXED_NEWSTYLE | NBD_FLAG.NO_ZEROES))
    this.#clientFlags = decodeClientFlags(await this.channel.read(CLIENT_FLAGS_SIZE))
    if (this.#clientFlags & ~(NBD_FLAG.FIXED_NEWSTYLE | NBD_FLAG.NO_ZEROES)) {
      refuse(`unknown client flags 0x${this.#clientFlags.toString(16)}`)
    }
    for (let count = 0; count < this.#optionLimit; count++) {
      const next = await this.#serveOption()
      if (next === 'end') return undefined
      if (next !== 'more') return this.#conclude(next.serve)
    }
    return refuse(`more than ${this.#optionLimit} options`)
  }

  /** TLS is insisted upon and has not begun. */
  get needsTls(): boolean {
    return this.offer.tlsMode === 'required' && this.session === undefined
  }

  get sendsZeroes(): boolean {
    return (this.#clientFlags & NBD_FLAG.NO_ZEROES) === 0
  }

  findExport(name: string): NbdExport | undefined {
    return this.offer.exports.find(name)
  }

  flagsOf(served: NbdExport): number {
    return transmissionFlags(served, this.agreement.style)
  }

  async reply(option: number, type: number, data?: Buffer): Promise<'more'> {
    await this.channel.write(encodeOptionReply(option, type, data))
    return 'more'
  }

  replyError(option: number, type: number, text: string): Promise<'more'> {
    if (DECISIVE.has(type)) this.#remember(option, text)
    return this.reply(option, type, encodeErrorText(text))
  }

  refuseExportName(text: string): 'end' {
    this.#remember(NBD_OPT.EXPORT_NAME, text)
    return 'end'
  }

  get #optionLimit(): number {
    return OPTION_LIMIT + OPTIONS_PER_EXPORT * this.offer.exports.list.length
  }

  #remember(option: number, text: string): void {
    this.refusal = diagnose(NBD_SERVER_KINDS.refused, { option, text })
  }

  async #serveOption(): Promise<Next> {
    const header = decodeOptionHeader(await this.channel.read(OPTION_HEADER_SIZE))
    const { option } = header
    // There is no reply that could refuse it: the protocol leaves only the end of the connection.
    const isFinal = option === NBD_OPT.EXPORT_NAME
    if (option !== NBD_OPT.ABORT) this.refusal = undefined
    if (isFinal && this.needsTls) return this.refuseExportName(TLS_REQUIRED)
    if (isFinal && header.length > DATA_LIMIT) return this.refuseExportName('the name is too long')
    if (!isFinal && !(this.#clientFlags & NBD_FLAG.FIXED_NEWSTYLE)) {
      refuse(`${optionName(option)} without the flag of the fixed new style`)
    }
    if (header.length > DATA_LIMIT) return this.#skip(header)
    const data = await this.channel.read(header.length)
    return this.#dispatch(option, data)
  }

  async #dispatch(option: number, data: Buffer): Promise<Next> {
    const handler = OPTION_HANDLERS.get(option)
    if (this.needsTls && !handler?.isServedInClear) {
      const text = `${optionName(option)} is not permitted before TLS: ${TLS_REQUIRED}`
      return this.replyError(option, NBD_REP.ERR_TLS_REQD, text)
    }
    if (!handler) {
      return this.replyError(option, NBD_REP.ERR_UNSUP, `this server has no option ${option}`)
    }
    try {
      return await handler.serve(this, data)
    } catch (error) {
      // The data was malformed, but it is known where the next option begins.
      if (!(error instanceof ProtocolError) || option === NBD_OPT.EXPORT_NAME) throw error
      return this.replyError(option, NBD_REP.ERR_INVALID, error.message)
    }
  }

  async #skip({ option, length }: OptionHeader): Promise<Next> {
    if (length > SKIP_LIMIT) refuse(`${optionName(option)} with ${length} bytes of data`)
    for (let rest = length; rest > 0; ) {
      rest -= (await this.channel.read(Math.min(rest, DATA_LIMIT))).length
    }
    const type = this.needsTls ? NBD_REP.ERR_TLS_REQD : NBD_REP.ERR_TOO_BIG
    return this.replyError(
      option,
      type,
      `${optionName(option)} may have ${DATA_LIMIT} bytes of data`,
    )
  }

  #conclude(served: NbdExport): NegotiatedExport {
    const { style, allocationFor } = this.agreement
    return { served, style, hasAllocation: allocationFor === served.name }
  }
}

/** Negotiates with a server: greeting, TLS, kind of headers, metadata contexts, export. */

import { type Diagnostic, fail } from '../../diagnostics/diagnostic.ts'
import type { ClientTls } from '../../endpoint/client-tls.ts'
import type { TlsFacts } from '../../tls/credentials/tls-session.ts'
import { refuse } from '../../wire/protocol-error.ts'
import {
  type BlockSizes,
  CAUTIOUS_BLOCK_SIZES,
  DEFAULT_BLOCK_SIZES,
} from '../protocol/block-sizes.ts'
import type { ByteCount } from '../protocol/byte-count.ts'
import { BASE_ALLOCATION, NBD_FLAG, NBD_INFO, NBD_OPT, NBD_REP } from '../protocol/constants.ts'
import {
  decodeExportNameReply,
  decodeGreeting,
  encodeClientFlags,
  exportNameReplySize,
  GREETING_SIZE,
} from '../protocol/greeting.ts'
import {
  encodeExportName,
  encodeInfoOption,
  encodeMetaContextOption,
} from '../protocol/option-data.ts'
import { encodeOption } from '../protocol/option-header.ts'
import {
  decodeInformation,
  decodeListedExport,
  decodeMetaContext,
  type ListedExport,
  type MetaContext,
} from '../protocol/option-replies.ts'
import { NBD_CLIENT_KINDS } from './nbd-client-diagnostics.ts'
import type { NegotiationChannel } from './negotiation-channel.ts'
import { type OptionOutcome, sendOption } from './send-option.ts'
import { beginTls } from './start-tls.ts'

/** What a server says of an export, which may be larger than this client can work with. */
export type ExportFacts = Omit<ExportInfo, 'size'> & {
  /** In bytes; a bigint above 2^53 - 1. */
  readonly size: ByteCount
}

/** What a server says of an export that the client works with. */
export type ExportInfo = {
  /** As it was asked for. */
  readonly name: string
  /** The server's own name for it, where that is another. */
  readonly canonicalName?: string
  readonly description?: string
  /** In bytes. */
  readonly size: number
  /** NBD_TRANSMISSION_FLAG... */
  readonly flags: number
  readonly blockSizes: BlockSizes
  /** Whether the server gave block sizes, or they are those that work with every server. */
  readonly hasBlockSizes: boolean
}

/** Which headers replies have. */
export type HeaderStyle = 'simple' | 'structured' | 'extended'

export type NegotiationOptions = {
  readonly tls: ClientTls
  readonly warn: (diagnostic: Diagnostic) => void
}

/** A negotiation after its greeting and TLS. */
export type OpenNegotiation = {
  readonly channel: NegotiationChannel
  readonly tls?: TlsFacts
  /** Whether credentials are there, for the hint of an error. */
  readonly hasCredentials: boolean
  /** Whether the server leaves out the zeroes behind its answer to NBD_OPT_EXPORT_NAME. */
  readonly noZeroes: boolean
}

/** Answers the greeting and secures the connection. */
export async function beginNegotiation(
  channel: NegotiationChannel,
  { tls, warn }: NegotiationOptions,
): Promise<OpenNegotiation> {
  const { server } = channel
  const greeting = decodeGreeting(await channel.read(GREETING_SIZE))
  if (greeting.isOldStyle) fail(NBD_CLIENT_KINDS.oldStyle, { server })
  // Without it a server answers no option, so that taking the flag away would take TLS away too.
  if (!(greeting.flags & NBD_FLAG.FIXED_NEWSTYLE)) fail(NBD_CLIENT_KINDS.notFixed, { server })
  const known = NBD_FLAG.FIXED_NEWSTYLE | NBD_FLAG.NO_ZEROES
  await channel.write(encodeClientFlags(greeting.flags & known))
  const facts = await beginTls(channel, tls, warn)
  return {
    channel,
    ...(facts && { tls: facts }),
    hasCredentials: tls.mode !== 'off',
    noZeroes: (greeting.flags & NBD_FLAG.NO_ZEROES) !== 0,
  }
}

/** Asks for the best headers that the server has. */
export async function chooseHeaders(open: OpenNegotiation): Promise<HeaderStyle> {
  if (await tryOption(open, NBD_OPT.EXTENDED_HEADERS)) return 'extended'
  if (await tryOption(open, NBD_OPT.STRUCTURED_REPLY)) return 'structured'
  return 'simple'
}

/** The number of a metadata context of an export, where the server has it. */
export async function chooseContext(
  open: OpenNegotiation,
  name: string,
  context: string = BASE_ALLOCATION,
): Promise<number | undefined> {
  const contexts: MetaContext[] = []
  const data = encodeMetaContextOption({ name, queries: [context] })
  const option = NBD_OPT.SET_META_CONTEXT
  const outcome = await sendOption(open.channel, option, data, NBD_REP.META_CONTEXT, (reply) => {
    contexts.push(decodeMetaContext(reply))
    if (contexts.length > 1 || contexts[0]?.name !== context) {
      refuse('a metadata context that was not asked for')
    }
  })
  return isAccepted(open, option, outcome) ? contexts[0]?.id : undefined
}

/** Asks about an export; with NBD_OPT_GO the transmission phase begins. */
export async function askForExport(
  open: OpenNegotiation,
  option: typeof NBD_OPT.INFO | typeof NBD_OPT.GO,
  name: string,
): Promise<ExportFacts | undefined> {
  const data = encodeInfoOption({ name, information: WANTED })
  const collected: Collected = {}
  const take = (reply: Buffer) => collect(collected, reply)
  const outcome = await sendOption(open.channel, option, data, NBD_REP.INFO, take)
  if (!outcome.accepted && outcome.reply === NBD_REP.ERR_UNSUP) return undefined
  requireAccepted(open, option, outcome, name)
  const { export: found, sizes, canonicalName, description } = collected
  if (!found) refuse('no size of the export')
  if (sizes) requireUsefulPayload(sizes, found.size)
  return {
    name,
    ...(canonicalName === undefined || canonicalName === name ? {} : { canonicalName }),
    ...(description === undefined ? {} : { description }),
    size: found.size,
    flags: found.flags,
    blockSizes: sizes ?? DEFAULT_BLOCK_SIZES,
    hasBlockSizes: sizes !== undefined,
  }
}

/** The protocol has no maximum below the preferred size or the export, and no preferred size below this, in bytes. */
const LEAST_PREFERRED = 512

/** A server that takes a byte at a time would keep a client busy for ever. */
function requireUsefulPayload({ maximum }: BlockSizes, size: ByteCount): void {
  if (maximum >= LEAST_PREFERRED || maximum >= size) return
  refuse(`a maximum payload of ${maximum} bytes for an export of ${size} bytes`)
}

const WANTED = [NBD_INFO.NAME, NBD_INFO.DESCRIPTION, NBD_INFO.BLOCK_SIZE]

type Collected = {
  export?: { readonly size: ByteCount; readonly flags: number }
  canonicalName?: string
  description?: string
  sizes?: BlockSizes
}

function collect(collected: Collected, reply: Buffer): void {
  const information = decodeInformation(reply)
  switch (information.type) {
    case NBD_INFO.EXPORT:
      if (collected.export) refuse('the size of an export twice')
      collected.export = information
      break
    case NBD_INFO.NAME:
      collected.canonicalName = information.name
      break
    case NBD_INFO.DESCRIPTION:
      collected.description = information.description
      break
    case NBD_INFO.BLOCK_SIZE:
      collected.sizes = information.sizes
  }
}

/**
 * NBD_OPT_GO, or NBD_OPT_EXPORT_NAME where the server is too old for it. Then the transmission phase
 * begins.
 */
export async function enterExport(
  open: OpenNegotiation,
  headers: HeaderStyle,
  name: string,
): Promise<ExportInfo> {
  const info = await askForExport(open, NBD_OPT.GO, name)
  if (info) return requireCountable(open, info)
  if (headers === 'extended') refuse('NBD_REP_ERR_UNSUP to NBD_OPT_GO after extended headers')
  const { channel, noZeroes } = open
  await channel.write(encodeOption(NBD_OPT.EXPORT_NAME, encodeExportName(name)))
  const size = exportNameReplySize(!noZeroes)
  const reply = decodeExportNameReply(await channel.read(size), !noZeroes)
  const facts = { name, ...reply, blockSizes: CAUTIOUS_BLOCK_SIZES, hasBlockSizes: false }
  return requireCountable(open, facts)
}

/** Every export that the server tells of. */
export async function listExports(open: OpenNegotiation): Promise<readonly ListedExport[]> {
  const exports: ListedExport[] = []
  const take = (reply: Buffer) => exports.push(decodeListedExport(reply))
  const option = NBD_OPT.LIST
  const outcome = await sendOption(open.channel, option, undefined, NBD_REP.SERVER, take)
  requireAccepted(open, option, outcome, '')
  return exports
}

/** Offsets are JavaScript numbers, which are exact up to 2^53 - 1. */
function requireCountable({ channel }: OpenNegotiation, facts: ExportFacts): ExportInfo {
  const { size, name } = facts
  if (typeof size === 'number') return { ...facts, size }
  fail(NBD_CLIENT_KINDS.exportTooLarge, { server: channel.server, name, size: `${size}` })
}

async function tryOption(open: OpenNegotiation, option: number): Promise<boolean> {
  return isAccepted(open, option, await sendOption(open.channel, option))
}

/** Most errors mean that the server does not have it; these mean that there is no going on. */
function isAccepted(open: OpenNegotiation, option: number, outcome: OptionOutcome): boolean {
  if (outcome.accepted) return true
  if (outcome.reply === NBD_REP.ERR_TLS_REQD) requireAccepted(open, option, outcome, '')
  if (outcome.reply === NBD_REP.ERR_SHUTDOWN) requireAccepted(open, option, outcome, '')
  return false
}

function requireAccepted(
  { channel, tls, hasCredentials }: OpenNegotiation,
  option: number,
  outcome: OptionOutcome,
  name: string,
): void {
  if (outcome.accepted) return
  const { server } = channel
  const { reply, text } = outcome
  if (reply === NBD_REP.ERR_TLS_REQD) {
    if (tls) refuse('NBD_REP_ERR_TLS_REQD inside TLS')
    fail(NBD_CLIENT_KINDS.serverRequiresTls, { server, option, hasCredentials })
  }
  if (reply === NBD_REP.ERR_UNKNOWN) fail(NBD_CLIENT_KINDS.unknownExport, { server, name, text })
  fail(NBD_CLIENT_KINDS.optionRefused, { server, option, reply, text })
}

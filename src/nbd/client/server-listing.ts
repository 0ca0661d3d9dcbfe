/** What a server says of its exports, to a client that enters none. */
import { requireString } from '../../arguments/single-values.ts'
import { type Diagnostic, DiagnosticError } from '../../diagnostics/diagnostic.ts'
import type { SocketAddress } from '../../net/address.ts'
import { checkAddress } from '../../net/address-arguments.ts'
import type { TlsFacts } from '../../tls/credentials/tls-session.ts'
import { NBD_OPT } from '../protocol/constants.ts'
import type { ListedExport } from '../protocol/option-replies.ts'
import {
  askForExport,
  chooseHeaders,
  type ExportFacts,
  listExports,
  type OpenNegotiation,
} from './client-negotiation.ts'
import { checkClientOptions, checkListOptions } from './nbd-client-arguments.ts'
import { completeOptions, type NbdClientOptions, negotiate } from './open-connection.ts'
import { abortNegotiation } from './send-option.ts'

/** What a server says of one export, without entering it. */
export type ExportDescription = ExportFacts & { readonly tls?: TlsFacts }

/** Asks about an export. @returns undefined where the server has no NBD_OPT_INFO. */
export async function describeExport(
  address: SocketAddress,
  name: string,
  options: NbdClientOptions = {},
): Promise<ExportDescription | undefined> {
  checkAddress(address, 'address')
  requireString(name, 'name')
  checkClientOptions(options, 'options')
  const { channel, result } = await negotiate(address, completeOptions(options), async (open) => {
    // Some servers say more of an export to a client that has asked for headers first.
    await chooseHeaders(open)
    const info = await askForExport(open, NBD_OPT.INFO, name)
    return info && { ...info, ...(open.tls && { tls: open.tls }) }
  })
  abortNegotiation(channel)
  return result
}

/** Asks for every export of a server, and with `detail` about each of them. */
export async function listServer(
  address: SocketAddress,
  options: NbdClientOptions & { readonly detail?: boolean } = {},
): Promise<ServerListing> {
  checkAddress(address, 'address')
  checkListOptions(options, 'options')
  const settings = completeOptions(options)
  const { channel, result } = await negotiate(address, settings, async (open) => {
    if (options.detail) await chooseHeaders(open)
    const exports = await listExports(open)
    const listed: ServerListing['exports'][number][] = []
    for (const found of exports) {
      listed.push({ ...found, ...(options.detail && (await describeListed(open, found.name))) })
    }
    return { exports: listed, ...(open.tls && { tls: open.tls }) }
  })
  abortNegotiation(channel)
  return result
}

/** An export may be gone since it was listed. */
async function describeListed(
  open: OpenNegotiation,
  name: string,
): Promise<{ readonly info?: ExportFacts; readonly problem?: Diagnostic }> {
  try {
    const info = await askForExport(open, NBD_OPT.INFO, name)
    return info ? { info } : {}
  } catch (error) {
    if (!(error instanceof DiagnosticError) || !open.channel.isOpen) throw error
    const [problem] = error.diagnostics
    return problem ? { problem } : {}
  }
}

export type ListedFacts = ListedExport & {
  /** With `detail`, where the server says it. */
  readonly info?: ExportFacts
  /** Why the server says no more of this export. */
  readonly problem?: Diagnostic
}

export type ServerListing = {
  readonly exports: readonly ListedFacts[]
  readonly tls?: TlsFacts
}

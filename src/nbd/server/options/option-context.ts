/** What an option sees of the negotiation that it is a part of. */
import type { Secure } from '../../../endpoint/security.ts'
import type { TlsMode } from '../../../endpoint/tls-mode.ts'
import type { ByteChannel } from '../../../net/byte-channel.ts'
import type { TlsSession } from '../../../tls/credentials/tls-session.ts'
import type { Agreement } from '../../exports/agreement.ts'
import type { ExportRegistry } from '../../exports/export-registry.ts'
import type { NbdExport } from '../../exports/nbd-export.ts'

/** What a server offers to a client. */
export type ServerOffer = {
  readonly exports: ExportRegistry
  readonly tlsMode: TlsMode
  readonly secure: Secure
}

/** What follows an option. */
export type Next = 'more' | 'end' | { readonly serve: NbdExport }

export interface OptionContext {
  readonly offer: ServerOffer
  readonly channel: ByteChannel
  agreement: Agreement
  /** The session of TLS, once it has begun. */
  session: TlsSession | undefined
  /** The reply to NBD_OPT_EXPORT_NAME ends with zeroes that no client needs. */
  readonly sendsZeroes: boolean
  findExport(name: string): NbdExport | undefined
  /** NBD_FLAG_... of an export, for what was agreed. */
  flagsOf(served: NbdExport): number
  reply(option: number, type: number, data?: Buffer): Promise<'more'>
  /** @param text What the user of the client reads, without which that user knows no remedy. */
  replyError(option: number, type: number, text: string): Promise<'more'>
  /** Ends the negotiation, which is the only refusal that NBD_OPT_EXPORT_NAME has. */
  refuseExportName(text: string): 'end'
}

/** What a file of this folder declares: one option of the negotiation. */
import type { Next, OptionContext } from './option-context.ts'

export type OptionHandler = {
  /** NBD_OPT_... */
  readonly option: number
  /** Served before TLS too, where TLS is required. All else would leak what the server has. */
  readonly isServedInClear?: true
  /** A ProtocolError that it throws is told to the client as an invalid request. */
  readonly serve: (negotiation: OptionContext, data: Buffer) => Promise<Next>
}

/** What a conversion gives: the text, and how it differs from what was given. */
import type { AllowedTls } from '../../algorithms/allowed-tls.ts'
import type { Omission } from './dialect.ts'

export type Conversion = {
  readonly text: string
  /** What the string allows and the text does not. */
  readonly omissions: readonly Omission[]
  /** What the library offers whatever it is told, and the string does not allow. */
  readonly surplus: readonly string[]
  /** What the string demands of a peer, and the library does not. */
  readonly unenforced: readonly string[]
  /** What the library arranges itself; it allows nothing more by that. */
  readonly undecided: readonly string[]
  /** What the text allows. */
  readonly allowed: AllowedTls
}

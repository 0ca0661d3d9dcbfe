/** What loading objects anew came to. */
import type { Diagnostic } from '../../diagnostics/diagnostic.ts'

export type ObjectReload = {
  readonly id: string
  readonly type: string
  /** Refused: the last load stays, but an authorization denies every client. */
  readonly outcome: 'replaced' | 'unchanged' | 'refused'
  /** Why it was refused, or what is noticed about the new load. */
  readonly diagnostics: readonly Diagnostic[]
}

export type ReloadReport = {
  readonly objects: readonly ObjectReload[]
  /** Why the configuration of priority strings could not be read. */
  readonly diagnostics: readonly Diagnostic[]
}

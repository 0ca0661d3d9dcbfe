/** What a rule says of something that a back-end cannot say. */
import type { EffectivePolicy } from '../../policy/effective-policy.ts'
import type { PurposeName } from '../../policy/scope.ts'

export type LoosenessDescription = {
  /** The back-end's name. */
  readonly backend: string
  readonly purpose: PurposeName
  /** Stable, for the page: `java-tls13`. */
  readonly id: string
  /** The program as people call it, with the releases that are meant. */
  readonly who: string
  /** Why it cannot be said. */
  readonly because: string
  /** What an administrator can do. */
  readonly remedy: string
}

export type Looseness = LoosenessDescription & {
  /** What the library keeps although the policy forbids it. */
  readonly kept: readonly string[]
}

export type LoosenessRule = LoosenessDescription & {
  /** What the library keeps although the policy forbids it, by the text that is written for it. */
  readonly find: (effective: EffectivePolicy, text: string) => readonly string[]
}

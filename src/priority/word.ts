/** What a word of a priority string means, once its sign is taken off. */
import type { Change } from './priority-lists.ts'

export type PriorityWord = {
  /** `ignored` is accepted and changes nothing. */
  readonly kind: 'algorithm' | 'set' | 'ignored'
  readonly changes: readonly Change[]
  /** The curve that must be enabled for the word to be known. */
  readonly curve?: string
}

export const IGNORED_WORD: PriorityWord = { kind: 'ignored', changes: [] }

/** A word that names one item, of one list or of several. */
export function algorithmWord(...changes: readonly Change[]): PriorityWord {
  return { kind: 'algorithm', changes }
}

/** A word that names several items at once. */
export function setWord(...changes: readonly Change[]): PriorityWord {
  return { kind: 'set', changes }
}

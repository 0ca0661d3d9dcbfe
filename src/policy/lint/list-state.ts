/**
 * What a run of operations makes of a list that need not be known.
 *
 * A module is linted without the policy that it will be layered on, so its directives are followed
 * symbolically. Two states that are the same do the same to every list.
 */
import type { Directive, Operation } from '../directive.ts'
import type { PropertyName } from '../properties.ts'
import { defaultValues } from '../provenance.ts'

/** `front`, then what is left of the given list, then `back`. */
export type ListState = {
  readonly front: readonly string[]
  /** What is taken from the given list; `all` once a directive set the list anew. */
  readonly dropped: ReadonlySet<string> | 'all'
  /** Appended in order, except what the given list has and keeps. Empty where all is dropped. */
  readonly back: readonly string[]
}

/** The given list, unchanged. */
export const GIVEN: ListState = { front: [], dropped: new Set(), back: [] }

/** What a property is before any directive of a policy. */
export function initialState(property: PropertyName): ListState {
  return { front: defaultValues(property), dropped: 'all', back: [] }
}

/** Follows a directive. Returns the same object where it changes nothing. */
export function followDirective(state: ListState, directive: Directive): ListState {
  const after = directive.operations.reduce(followOperation, state)
  return isSameState(state, after) ? state : after
}

/** Follows one operation. */
export function followOperation(state: ListState, operation: Operation): ListState {
  switch (operation.kind) {
    case 'reset':
      return { front: [], dropped: 'all', back: [] }
    case 'set':
      return { front: [String(operation.value)], dropped: 'all', back: [] }
    case 'append':
      return append(state, operation.value)
    case 'prepend':
      return { ...remove(state, operation.value), front: prepend(state.front, operation.value) }
    case 'omit':
      return remove(state, operation.value)
  }
}

/** Whether both do the same to every list. */
export function isSameState(a: ListState, b: ListState): boolean {
  if (a === b) return true
  return (
    isSameList(a.front, b.front) && isSameList(a.back, b.back) && isSameSet(a.dropped, b.dropped)
  )
}

function append(state: ListState, value: string): ListState {
  if (state.front.includes(value) || state.back.includes(value)) return state
  return state.dropped === 'all'
    ? { ...state, front: [...state.front, value] }
    : { ...state, back: [...state.back, value] }
}

function prepend(front: readonly string[], value: string): readonly string[] {
  return [value, ...front.filter((other) => other !== value)]
}

function remove(state: ListState, value: string): ListState {
  const { front, dropped, back } = state
  return {
    front: front.includes(value) ? front.filter((other) => other !== value) : front,
    dropped: dropped === 'all' || dropped.has(value) ? dropped : new Set([...dropped, value]),
    back: back.includes(value) ? back.filter((other) => other !== value) : back,
  }
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((value, index) => value === b[index]))
}

function isSameSet(a: ListState['dropped'], b: ListState['dropped']): boolean {
  if (a === b) return true
  if (a === 'all' || b === 'all') return false
  return a.size === b.size && [...a].every((value) => b.has(value))
}

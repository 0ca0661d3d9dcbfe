/** Finds what a module would have to take away, so that a back-end no longer names some values. */
import { ALGORITHM_CLASSES, type AlgorithmClass } from '../algorithms/algorithm-class.ts'
import type { Backend } from '../backends/backend.ts'
import { evaluatePolicy } from '../policy/effective-policy.ts'
import { type Policy, parsePolicy } from '../policy/policy.ts'
import { purpose } from '../policy/scope.ts'

type Removal = { readonly property: AlgorithmClass; readonly name: string }

/**
 * The lines of a module that takes away these values of a back-end and nothing else of it, or
 * undefined where no policy can do that.
 */
export function findRemedy(
  policy: Policy,
  backend: Backend,
  values: readonly string[],
): readonly string[] | undefined {
  const before = wordsOf(backend.generate(policy))
  const unwanted = new Set(values)
  const removals: Removal[] = []
  const left = new Set(values)
  for (const removal of listRemovals(policy, backend)) {
    if (left.size === 0) break
    const after = wordsOf(backend.generate(applyRemovals(policy, backend, [removal])))
    const gone = [...before].filter((word) => !after.has(word))
    if (gone.length === 0 || !gone.every((word) => unwanted.has(word))) continue
    if (!gone.some((word) => left.has(word))) continue
    removals.push(removal)
    for (const word of gone) left.delete(word)
  }
  return left.size === 0 ? printRemovals(backend, removals) : undefined
}

function listRemovals(policy: Policy, backend: Backend): readonly Removal[] {
  const [name] = backend.purposes
  if (name === undefined) return []
  const { enabled } = evaluatePolicy(policy, purpose(name).scopes)
  return ALGORITHM_CLASSES.flatMap((property) =>
    enabled[property].map((algorithm) => ({ property, name: algorithm })),
  )
}

function applyRemovals(policy: Policy, backend: Backend, removals: readonly Removal[]): Policy {
  const text = printRemovals(backend, removals).join('\n')
  const extra = parsePolicy('remedy', [{ name: 'remedy', text: `${text}\n` }]).policy
  return { name: policy.name, directives: [...policy.directives, ...extra.directives] }
}

function printRemovals({ purposes }: Backend, removals: readonly Removal[]): readonly string[] {
  return ALGORITHM_CLASSES.flatMap((property) => {
    const names = removals.filter((removal) => removal.property === property)
    const words = names.map(({ name }) => `-${name}`).join(' ')
    return words === '' ? [] : [`${property}@${purposes[0]} = ${words}`]
  })
}

function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.split(/[\s,=:]+/))
}

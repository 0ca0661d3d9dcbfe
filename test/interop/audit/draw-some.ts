/** Random settings of servers. */
import type { Random } from '../../fuzz/random.ts'

/** From one to all of them, in any order; more often many. */
export function drawSome<Item>(random: Random, items: readonly Item[]): readonly Item[] {
  const left = [...items]
  const count = 1 + Math.max(random.below(items.length), random.below(items.length))
  return Array.from({ length: count }, () => left.splice(random.below(left.length), 1)).flat()
}

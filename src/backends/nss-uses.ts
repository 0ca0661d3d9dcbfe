/** Which algorithm NSS may use for what, said as briefly as its configuration allows. */

/** Some algorithms, and what they may be used for. */
export type Grant = {
  readonly names: readonly string[]
  readonly uses: readonly string[]
}

/** Uses that, where an algorithm has all of them, are one word. */
export type Merge = {
  readonly uses: readonly string[]
  readonly as: string
}

/**
 * `NAME/use,use` for each algorithm, or `NAME` where all uses that exist are allowed.
 *
 * Calling it "all" takes in any use that NSS may add later. That is meant: a user who trusts an
 * algorithm for everything there is will trust it for the next thing too.
 *
 * @param grants Algorithms and uses stay in the order in which they first appear.
 * @param merges Tried once each, in order, so that a later one may build on an earlier.
 */
export function printUses(grants: readonly Grant[], merges: readonly Merge[]): readonly string[] {
  return [...collectUses(grants)].map(([name, uses]) => {
    const merged = merges.reduce(applyMerge, [...uses]).join(',')
    return merged === 'all' ? name : `${name}/${merged}`
  })
}

function collectUses(grants: readonly Grant[]): ReadonlyMap<string, ReadonlySet<string>> {
  const usesOf = new Map<string, Set<string>>()
  for (const { names, uses } of grants) {
    for (const name of names) {
      const known = usesOf.get(name) ?? new Set()
      usesOf.set(name, known)
      for (const use of uses) known.add(use)
    }
  }
  return usesOf
}

/** The merged word stands where the first of its uses stood. */
function applyMerge(uses: readonly string[], merge: Merge): string[] {
  if (!merge.uses.every((use) => uses.includes(use))) return [...uses]
  return [...new Set(uses.map((use) => (merge.uses.includes(use) ? merge.as : use)))]
}

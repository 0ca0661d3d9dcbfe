/** Chooses words of a language in which every combination of the chosen words is allowed. */

/**
 * The words of what is wanted, less those without which nothing unwanted can be combined any more.
 *
 * @param wanted What may be allowed.
 * @param all Everything that words can combine to.
 * @param wordsOf What an item needs: it is allowed where all of these are.
 */
export function chooseWords<Item>(
  wanted: ReadonlySet<Item>,
  all: readonly Item[],
  wordsOf: (item: Item) => readonly string[],
): ReadonlySet<string> {
  let words: ReadonlySet<string> = new Set([...wanted].flatMap(wordsOf))
  const combine = (chosen: ReadonlySet<string>): readonly Item[] =>
    all.filter((item) => wordsOf(item).every((word) => chosen.has(word)))
  for (let allowed = combine(words); !allowed.every((item) => wanted.has(item)); ) {
    words = withoutWorst(words, allowed, wanted, wordsOf)
    allowed = combine(words)
  }
  return words
}

/** Drops the word that takes away the most unwanted items for each wanted one. */
function withoutWorst<Item>(
  words: ReadonlySet<string>,
  allowed: readonly Item[],
  wanted: ReadonlySet<Item>,
  wordsOf: (item: Item) => readonly string[],
): ReadonlySet<string> {
  const gain = (word: string): number => {
    const dropped = allowed.filter((item) => wordsOf(item).includes(word))
    const lost = dropped.filter((item) => wanted.has(item)).length
    return (dropped.length - lost) / (lost + 1)
  }
  const worst = [...words].reduce((best, word) => (gain(word) >= gain(best) ? word : best))
  return new Set([...words].filter((word) => word !== worst))
}

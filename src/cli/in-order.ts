/** Works on several items at a time, and gives the results in the order of the items. */

export type WorkLimits = {
  /** How many items are worked on at a time. */
  readonly atOnce: number
  /** How many results may wait for that of an item before them. */
  readonly waiting: number
}

/**
 * Where the reader leaves early, no further item is begun.
 *
 * @param work Begins in the order of the items; what it throws is thrown at the place of its result.
 */
export async function* inOrder<Item, Result>(
  items: readonly Item[],
  { atOnce, waiting }: WorkLimits,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void, undefined> {
  const begun: Promise<Result>[] = []
  let running = 0
  let given = 0
  let isOver = false
  const begin = (): void => {
    while (
      !isOver &&
      running < atOnce &&
      begun.length < Math.min(items.length, given + atOnce + waiting)
    ) {
      running++
      const result = work(items[begun.length] as Item).finally(() => {
        running--
        begin()
      })
      // It is looked at in its turn, which may come later.
      result.catch(() => {})
      begun.push(result)
    }
  }
  try {
    for (; given < items.length; given++) {
      begin()
      yield await (begun[given] as Promise<Result>)
      delete begun[given]
    }
  } finally {
    isOver = true
  }
}

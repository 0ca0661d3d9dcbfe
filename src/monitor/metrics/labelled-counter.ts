/** Counts what happens, apart for each set of labels. */
import type { Sample } from './metric-family.ts'

type Labels = Readonly<Record<string, string>>

type Row = { readonly labels: Labels; value: number }

export class LabelledCounter {
  readonly #rows = new Map<string, Row>()

  /** Labels are always given in the same order. */
  add(labels: Labels): void {
    const key = JSON.stringify(labels)
    const row = this.#rows.get(key) ?? { labels, value: 0 }
    row.value++
    this.#rows.set(key, row)
  }

  /** Forgets the counts whose labels are such. */
  forget(isSuch: (labels: Labels) => boolean): void {
    for (const [key, { labels }] of this.#rows) if (isSuch(labels)) this.#rows.delete(key)
  }

  get samples(): readonly Sample[] {
    return [...this.#rows.values()].map(({ labels, value }) => ({ labels, value }))
  }
}

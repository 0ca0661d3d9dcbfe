/** Collects what is left out while lists are filtered. */
import type { Diagnostic } from '../diagnostics/diagnostic.ts'

export class OmittedItems {
  readonly #diagnostics: Diagnostic[] = []

  get all(): readonly Diagnostic[] {
    return this.#diagnostics
  }

  add(diagnostic: Diagnostic): void {
    this.#diagnostics.push(diagnostic)
  }

  /** The items that pass; the names of the others are told. */
  keep<Item extends { readonly name: string }>(
    items: readonly Item[],
    passes: (item: Item) => boolean,
    tell: (names: readonly string[]) => Diagnostic,
  ): readonly Item[] {
    const kept = items.filter(passes)
    if (kept.length === items.length) return items
    const names = items.filter((item) => !kept.includes(item)).map(({ name }) => name)
    this.add(tell(names))
    return kept
  }
}

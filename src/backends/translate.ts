/** Says algorithms in a library's words. */

/**
 * What a library calls each algorithm. Some have more than one name; an algorithm that is not
 * listed is one that the library does not have, or that its configuration cannot express.
 */
export type Words<Name extends string> = {
  readonly [N in Name]?: string | readonly string[]
}

/** The words for some algorithms, in their order; leaves out what has none. */
export function translate<Name extends string>(
  names: readonly Name[],
  words: Words<Name>,
): readonly string[] {
  return names.flatMap((name) => words[name] ?? [])
}

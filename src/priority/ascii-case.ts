/** Comparison without regard to case as C does it: letters outside ASCII stay as they are. */

const OUTSIDE_ASCII = /[^\0-\x7f]/

/** The text with a to z raised to A to Z. */
export function toUpperAscii(text: string): string {
  // The whole at once where that is the same: a run of `resolve` does this a thousand times.
  if (!OUTSIDE_ASCII.test(text)) return text.toUpperCase()
  return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase())
}

/** Whether two names are one, whatever the case of their letters. */
export function isSameName(first: string, second: string): boolean {
  return first.length === second.length && toUpperAscii(first) === toUpperAscii(second)
}

/** Comparison without regard to case as C does it: letters outside ASCII stay as they are. */

/** The text with a to z raised to A to Z. */
export function toUpperAscii(text: string): string {
  return /[a-z]/.test(text) ? text.replace(/[a-z]+/g, (letters) => letters.toUpperCase()) : text
}

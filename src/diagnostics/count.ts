/** Counts in words. */

/** `1 second`, `2 seconds`: of a noun whose plural has an s. */
export function printCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

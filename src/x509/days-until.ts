/** How long certificates and lists are still valid, as people count it. */

/** In milliseconds. */
export const DAY = 86_400_000

/** Whole days from now until a date; negative where it has passed. */
export function daysUntil(date: Date, now: Date): number {
  return Math.floor((date.getTime() - now.getTime()) / DAY)
}

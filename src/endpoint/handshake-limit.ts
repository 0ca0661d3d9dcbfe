/** The limit of a handshake, as users give it. */
import { LONGEST_TIME } from '../arguments/single-values.ts'

/**
 * @param limit In seconds; 0 for no limit.
 * @returns the same for a timer, in milliseconds.
 */
export function handshakeTimeout(limit: number): number {
  return limit === 0 ? LONGEST_TIME : limit * 1000
}

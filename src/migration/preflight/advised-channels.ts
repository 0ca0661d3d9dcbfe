/** How many channels to give to QEMU, by what was measured. */
import type { Rate } from './rate.ts'

/** A part of the best rate that is as good as it: fewer channels need fewer threads. */
const AS_GOOD = 0.95

/**
 * The smallest number of channels that is about as fast as the fastest; 1 means no multifd.
 *
 * @returns undefined where fewer than two numbers were measured: nothing is compared then.
 */
export function advisedChannels(rates: readonly Rate[]): number | undefined {
  if (new Set(rates.map(({ channels }) => channels)).size < 2) return undefined
  const speed = ({ bytes, seconds }: Rate) => bytes / seconds
  const best = Math.max(...rates.map(speed))
  const good = rates.filter((rate) => speed(rate) >= AS_GOOD * best)
  return Math.min(...good.map(({ channels }) => channels))
}

/** Finds zeroes in data, and has zeroes to write. */

/** Smaller runs are written as they are: a hole for each would cost more than it saves. */
const GRAIN = 0x8000

export const ZEROES = Buffer.alloc(0x4_0000)

export function isZero(data: Buffer): boolean {
  for (let at = 0; at < data.length; at += ZEROES.length) {
    const length = Math.min(ZEROES.length, data.length - at)
    if (data.compare(ZEROES, 0, length, at, at + length) !== 0) return false
  }
  return true
}

/** A part of some data that is all zero, or not. */
export type Run = { readonly start: number; readonly end: number; readonly isZero: boolean }

/** Cuts data into runs of zeroes and of anything else, at multiples of a grain. */
export function findZeroes(data: Buffer, alignment = 1): readonly Run[] {
  const grain = Math.max(GRAIN, alignment)
  const runs: Run[] = []
  for (let start = 0; start < data.length; start += grain) {
    const end = Math.min(start + grain, data.length)
    const zero = isZero(data.subarray(start, end))
    const last = runs.at(-1)
    if (last?.isZero === zero) runs[runs.length - 1] = { ...last, end }
    else runs.push({ start, end, isZero: zero })
  }
  return runs
}

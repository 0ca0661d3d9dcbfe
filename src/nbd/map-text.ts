/** Maps of exports and their totals, as nbdinfo prints them. */
import type { JsonResult } from '../diagnostics/diagnostic-json.ts'
import type { MappedExtent } from './client/export-map.ts'
import type { ExtentStatus } from './protocol/chunks.ts'
import { BASE_ALLOCATION } from './protocol/constants.ts'

/** How much of an export has one status. */
export type StatusTotal = {
  /** In bytes. */
  readonly size: number
  /** Of the whole export. */
  readonly percent: number
  readonly status: ExtentStatus
}

/** Offset, length, status and what that means: a line for each run. */
export function printMap(extents: readonly MappedExtent[], context: string): readonly string[] {
  return extents.map(({ offset, length, status }) =>
    [
      String(offset).padStart(10),
      String(length).padStart(10),
      String(status).padStart(3),
      ...describeStatus(status, context),
    ].join('  '),
  )
}

export function mapToJson(
  extents: readonly MappedExtent[],
  context: string,
): readonly JsonResult[] {
  return extents.map(({ offset, length, status }) => ({
    offset,
    length,
    ...statusToJson(status, context),
  }))
}

/** By status, the smallest first. */
export function totalsOf(extents: readonly MappedExtent[], size: number): readonly StatusTotal[] {
  const sums = new Map<ExtentStatus, number>()
  for (const { length, status } of extents) sums.set(status, (sums.get(status) ?? 0) + length)
  return [...sums]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([status, sum]) => ({ size: sum, percent: (100 * sum) / size, status }))
}

/** Size, part of the whole, status and what that means: a line for each status. */
export function printTotals(totals: readonly StatusTotal[], context: string): readonly string[] {
  return totals.map(({ size, percent, status }) =>
    [
      String(size).padStart(10),
      `${printPercent(percent).padStart(5)}%`,
      String(status).padStart(3),
      ...describeStatus(status, context),
    ].join(' '),
  )
}

export function totalsToJson(
  totals: readonly StatusTotal[],
  context: string,
): readonly JsonResult[] {
  return totals.map(({ size, percent, status }) => ({
    size,
    percent,
    ...statusToJson(status, context),
  }))
}

/** Rounds as printf(3) does: 6.25 becomes 6.2, since halves go to the even digit. */
function printPercent(percent: number): string {
  return percent % 1 === 0.25 ? `${Math.floor(percent)}.2` : percent.toFixed(1)
}

function statusToJson(status: ExtentStatus, context: string): JsonResult {
  const [description = null] = describeStatus(status, context)
  // Digits above 2^53 - 1, where numbers are not exact in every program.
  return { type: typeof status === 'bigint' ? String(status) : status, description }
}

/** In words; nothing where the context has none for it. */
function describeStatus(status: ExtentStatus, context: string): readonly string[] {
  if (context === ALLOCATION_DEPTH && status > 1) return [`backing depth ${status}`]
  const words = context.startsWith(DIRTY_BITMAP) ? ['clean', 'dirty'] : WORDS[context]
  const word = words?.[Number(status)]
  return word === undefined ? [] : [word]
}

/** QEMU's docs/interop/nbd.txt. */
const ALLOCATION_DEPTH = 'qemu:allocation-depth'
const DIRTY_BITMAP = 'qemu:dirty-bitmap:'

/** What each status is, from 0 on. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  [BASE_ALLOCATION]: ['data', 'hole', 'zero', 'hole,zero'],
  [ALLOCATION_DEPTH]: ['absent', 'local'],
}

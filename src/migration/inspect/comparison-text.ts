/** A comparison of two streams, for people and as data. */
import type { JsonResult } from '../../diagnostics/diagnostic-json.ts'
import type { Comparison } from './comparison.ts'
import type { Difference } from './difference.ts'

/** @param first The names of the two files. */
export function printMigrationComparison(
  { differences, isTaken }: Comparison,
  first: string,
  second: string,
): readonly string[] {
  const mayRefuse = differences.some(({ consequence }) => consequence === 'may refuse')
  const verdict = !isTaken ? 'refuses' : mayRefuse ? 'may refuse' : 'takes'
  return [...differences.map(printDifference), `the QEMU of ${second} ${verdict} ${first}`]
}

function printDifference({ kind, subject, first, second, consequence }: Difference): string {
  const what = kind === subject ? kind : `${kind} ${subject}`
  return `${consequence}: ${what}: ${first ?? 'nothing'}, second ${second ?? 'nothing'}`
}

export function migrationComparisonToJson({ differences, isTaken }: Comparison): JsonResult {
  return {
    isTaken,
    differences: differences.map(({ first = null, second = null, ...rest }) => ({
      ...rest,
      first,
      second,
    })),
  }
}

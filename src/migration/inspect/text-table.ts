/** Rows in columns, for people. */

/** The first row holds titles. Columns of numbers are aligned at their right. */
export function printColumns(rows: readonly (readonly string[])[]): readonly string[] {
  const columns = (rows[0] ?? []).map((_, at) => rows.map((row) => row[at] ?? ''))
  const padded = columns.map(padColumn)
  return rows.map((_, row) => `  ${padded.map((column) => column[row]).join('  ')}`.trimEnd())
}

function padColumn(cells: readonly string[]): readonly string[] {
  const width = cells.reduce((longest, { length }) => Math.max(longest, length), 0)
  const isNumeric = cells.slice(1).every((cell) => /^(\d+|-|unknown)$/.test(cell))
  return cells.map((cell) => (isNumeric ? cell.padStart(width) : cell.padEnd(width)))
}

/** Lines of `name: value`, the names in a column; without those that have no value. */
export function printFacts(
  facts: readonly (readonly [string, string | undefined])[],
): readonly string[] {
  return facts
    .filter(([, value]) => value !== undefined)
    .map(([name, value = '']) => `${`${name}:`.padEnd(15)}${value}`)
}

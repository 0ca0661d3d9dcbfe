/**
 * The table of docs/audit-findings.md, made from the kinds of findings. `npm run docs:findings` writes it
 * between the marks of the page; what stands around it is written by hand.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FINDING_KINDS } from '../../src/audit/compare/finding-kinds.ts'

export const FINDINGS_PAGE = join(import.meta.dirname, '../../docs/audit-findings.md')

const MARKS = /(<!-- findings -->\n).*?(<!-- end of findings -->)/s

/** The page with its table as the kinds have it. */
export function withFindingTable(page: string): string {
  if (!MARKS.test(page)) throw new Error('the page has no marks')
  const rows = Object.values(FINDING_KINDS)
    .toSorted((a, b) => a.code.localeCompare(b.code))
    .map(
      ({ code, verdict, severity, meaning, remedy }) =>
        `| \`${code}\` | ${verdict} | ${severity} | ${meaning} | ${remedy} |`,
    )
  const head = [
    '| code | verdict | severity | meaning | remedy |',
    '| --- | --- | --- | --- | --- |',
  ]
  return page.replace(
    MARKS,
    (_all, begin, end) => `${begin}${[...head, ...rows].join('\n')}\n${end}`,
  )
}

if (import.meta.main) {
  writeFileSync(FINDINGS_PAGE, withFindingTable(readFileSync(FINDINGS_PAGE, 'utf8')))
}

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { FINDING_KINDS } from '../../src/audit/compare/finding-kinds.ts'
import { FINDINGS_PAGE, withFindingTable } from './finding-table.ts'

test('docs/audit-findings.md lists every kind of finding as it is', () => {
  const page = readFileSync(FINDINGS_PAGE, 'utf8')
  expect(withFindingTable(page)).toBe(page)
})

test('every kind has a code of its own, a meaning and a remedy', () => {
  const kinds = Object.values(FINDING_KINDS)
  expect(new Set(kinds.map(({ code }) => code)).size).toBe(kinds.length)
  for (const { code, meaning, remedy } of kinds) {
    expect(code).toMatch(/^AUDIT_[A-Z_]+$/)
    expect(meaning.endsWith('.') && remedy.endsWith('.'), code).toBe(true)
  }
})

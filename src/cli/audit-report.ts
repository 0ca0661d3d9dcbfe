/** Prints the report of an audit, and decides its exit status. */
import type { Finding } from '../audit/compare/finding.ts'
import type { ScanResult } from '../audit/scan-result.ts'
import type { ReportOptions } from './audit-options.ts'
import type { Judgement } from './audit-yardsticks.ts'
import { EXIT } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

/** A scan with what it was held against; null where it was held against nothing. */
export type AuditReport = ScanResult & {
  readonly yardsticks: readonly string[]
  readonly findings: readonly Finding[] | null
}

export function reportOf(result: ScanResult, { judge, titlesFor }: Judgement): AuditReport {
  return { ...result, yardsticks: titlesFor(result), findings: judge?.(result) ?? null }
}

export async function printReport(report: AuditReport, terminal: Terminal): Promise<void> {
  const { printScan } = await import('./audit-text.ts')
  for (const line of printScan(report)) terminal.print(line)
  if (!report.findings) return
  const { printFindings } = await import('./audit-findings-text.ts')
  terminal.print('')
  printFindings(report.findings, report.yardsticks, terminal)
}

/** The exit status is 1 where a finding is as severe as --fail-on says; `low` where it says nothing. */
export async function judgeExit(
  findings: readonly Finding[] | null,
  { failOn = ['low'] }: ReportOptions,
): Promise<void> {
  const { reaches } = await import('../audit/compare/finding.ts')
  const isFailed = failOn.some((limit) => limit !== 'never' && reaches(findings ?? [], limit))
  if (isFailed) process.exitCode = EXIT.answerIsNo
}

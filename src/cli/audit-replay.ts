/** What `audit replay` and `audit diff` do: reports from files, without a network. */
import { compareScans } from '../audit/compare/baseline.ts'
import { type Evidence, parseEvidence } from '../audit/evidence/evidence.ts'
import { EvidenceMismatch, ReplaySource } from '../audit/evidence/replay-source.ts'
import { AUDIT_KINDS } from '../audit/scan/audit-diagnostics.ts'
import { scan } from '../audit/scan/scan.ts'
import { SCHEMES, schemeOfPort } from '../audit/scan/schemes.ts'
import { type AuditTarget, parseTarget, withServerName } from '../audit/scan/target.ts'
import type { ScanResult } from '../audit/scan-result.ts'
import { DiagnosticError, diagnose, fail } from '../diagnostics/diagnostic.ts'
import { readNamedBytes } from '../files/text-file.ts'
import { printFindings } from './audit-findings-text.ts'
import type { ReportOptions } from './audit-options.ts'
import { judgeExit, printReport, reportOf } from './audit-report.ts'
import { loadYardsticks, readScan, refuseIdleOptions } from './audit-yardsticks.ts'
import { terminalFor } from './command.ts'

/** What an audit may receive, in hexadecimal, and as much again. */
const EVIDENCE_LIMIT = 256 * 1024 * 1024

export async function replayAudit(path: string, options: ReportOptions): Promise<void> {
  const terminal = terminalFor(options)
  const evidence = readEvidence(path)
  const target = targetOf(path, evidence.header.subject)
  refuseIdleOptions(options, [target.scheme])
  const judgement = await loadYardsticks(options, terminal)
  const report = reportOf(await replayScan(path, target, evidence), judgement)
  if (options.json) terminal.setResult(report)
  else await printReport(report, terminal)
  await judgeExit(report.findings, options)
}

async function replayScan(
  path: string,
  target: AuditTarget,
  { header, transcripts }: Evidence,
): Promise<ScanResult> {
  const source = new ReplaySource(transcripts)
  try {
    const seed = Buffer.from(header.seed, 'hex')
    return await unlessStuck(path, scan(target, { source, seed }))
  } catch (error) {
    if (!(error instanceof EvidenceMismatch)) throw error
    return fail(AUDIT_KINDS.evidenceMismatch, { path, claim: error.message })
  }
}

/** Questions wait for their turn. Where that never comes, nothing is left to do, and the process would just end. */
async function unlessStuck<Value>(path: string, work: Promise<Value>): Promise<Value> {
  const stuck = Promise.withResolvers<never>()
  const reason = 'its questions stand in an order that no audit asks them in'
  const end = () =>
    stuck.reject(
      new DiagnosticError([diagnose(AUDIT_KINDS.badFile, { path, what: 'evidence', reason })]),
    )
  process.once('beforeExit', end)
  try {
    return await Promise.race([work, stuck.promise])
  } finally {
    process.off('beforeExit', end)
  }
}

function readEvidence(path: string): Evidence {
  const parsed = parseEvidence(readNamedBytes(path, EVIDENCE_LIMIT).toString('utf8'))
  if (parsed.ok) return parsed.evidence
  const reason = `line ${parsed.line}: ${parsed.reason}`
  return fail(AUDIT_KINDS.badFile, { path, what: 'evidence', reason })
}

/** The target as it was asked, with the name that was asked for. */
function targetOf(path: string, { text, serverName }: Evidence['header']['subject']): AuditTarget {
  if (typeof text !== 'string') {
    return fail(AUDIT_KINDS.badFile, { path, what: 'evidence', reason: 'it names no target' })
  }
  const name = typeof serverName === 'string' ? serverName : undefined
  return withServerName(parseTarget(text, SCHEMES, schemeOfPort), name)
}

export async function compareScanFiles(
  earlier: string,
  later: string,
  options: ReportOptions,
): Promise<void> {
  const terminal = terminalFor(options)
  const findings = compareScans(await readScan(earlier), await readScan(later))
  if (options.json) terminal.setResult({ findings })
  else printFindings(findings, [`the earlier scan ${earlier}`], terminal)
  // Any change is told by the status, as diff(1) does.
  await judgeExit(findings, { ...options, failOn: ['info'] })
}

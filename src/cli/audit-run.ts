/** What `audit` does: asks each server, and reports of it. */
import { randomBytes } from 'node:crypto'
import { accessSync, constants, lstatSync } from 'node:fs'
import { dirname } from 'node:path'
import { DEFAULT_LIMITS, DialedSource } from '../audit/connection/dialed-source.ts'
import type { Transcript } from '../audit/connection/transcript.ts'
import { scan } from '../audit/scan/scan.ts'
import { SCHEMES } from '../audit/scan/schemes.ts'
import { type AuditTarget, parseTarget } from '../audit/scan/target.ts'
import type { ScanResult } from '../audit/scan-result.ts'
import { DiagnosticError, fail } from '../diagnostics/diagnostic.ts'
import { printJson } from '../diagnostics/diagnostic-json.ts'
import { descriptorRoom } from '../files/descriptors.ts'
import { FILE_KINDS } from '../files/file-diagnostics.ts'
import type { AuditOptions } from './audit-options.ts'
import { judgeExit, printReport, reportOf } from './audit-report.ts'
import { loadYardsticks, refuseIdleReader } from './audit-yardsticks.ts'
import { CLI_KINDS } from './cli-diagnostics.ts'
import { terminalFor } from './command.ts'
import { exitStatusOf } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

export async function auditTargets(texts: readonly string[], options: AuditOptions): Promise<void> {
  const terminal = terminalFor(options)
  const targets = texts.map((text) => parseTarget(text, SCHEMES))
  if (targets.length > 1) refuseForMany(options)
  refuseIdleReader(
    options,
    targets.map(({ scheme }) => scheme),
  )
  const judgement = await loadYardsticks(options, terminal)
  const { evidence } = options
  if (evidence !== undefined) refuseUnwritable(evidence)
  for (const [at, target] of targets.entries()) {
    const result = await auditOne(target, options, terminal, targets.length > 1)
    if (!result) continue
    const report = reportOf(result, judgement)
    if (options.jsonl) terminal.print(printJson(report))
    else if (options.json) terminal.setResult(report)
    else {
      if (at > 0) terminal.print('')
      await printReport(report, terminal)
    }
    await judgeExit(report.findings, options)
  }
}

/** One document, and one file of evidence, are of one server. */
function refuseForMany({ json, evidence }: AuditOptions): void {
  const hint = 'give one TARGET, or --jsonl'
  if (json) fail(CLI_KINDS.conflictingOptions, { first: '--json', second: 'several TARGETs', hint })
  if (evidence !== undefined) {
    fail(CLI_KINDS.conflictingOptions, { first: '--evidence', second: 'several TARGETs', hint })
  }
}

/** The file is replaced as a whole, which must not happen to a device, a pipe or a link such as /dev/stdout. */
function refuseUnwritable(path: string): void {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false })
    if (stats && !stats.isFile()) throw new Error('it is no regular file')
    accessSync(dirname(path), constants.W_OK)
  } catch (error) {
    fail(FILE_KINDS.unwritable, { path, error })
  }
}

/** A server that cannot be reached does not keep others from being asked. */
async function auditOne(
  target: AuditTarget,
  options: AuditOptions,
  terminal: Terminal,
  isOneOfMany: boolean,
): Promise<ScanResult | undefined> {
  try {
    return await scanTarget(target, options, terminal)
  } catch (error) {
    if (!isOneOfMany || !(error instanceof DiagnosticError)) throw error
    error.diagnostics.forEach(terminal.report)
    process.exitCode ??= exitStatusOf(error.diagnostics)
    return undefined
  }
}

async function scanTarget(
  target: AuditTarget,
  { budget, rate, timeout, serverName, evidence }: AuditOptions,
  terminal: Terminal,
): Promise<ScanResult> {
  const wait = timeout * 1000
  const times = { connecting: wait, silence: wait, duration: 3 * wait }
  const limits = { ...DEFAULT_LIMITS, ...times, budget, rate, atOnce: mostAtOnce() }
  const source = new DialedSource(target.address, limits)
  const named = serverName === undefined ? target : { ...target, serverName }
  const seed = randomBytes(32)
  const transcripts: Transcript[] = []
  const keep = (transcript: Transcript): void => {
    if (evidence !== undefined) transcripts.push(transcript)
    terminal.showStatus(`${target.text}: ${source.connections} connections`)
  }
  try {
    return await scan(named, { source, seed, keep })
  } finally {
    terminal.showStatus('')
    if (evidence !== undefined) await writeEvidence(evidence, named, seed, transcripts)
  }
}

/** A connection without a descriptor would be told as one that the server did not answer. */
function mostAtOnce(): number {
  return Math.max(1, Math.min(DEFAULT_LIMITS.atOnce, descriptorRoom() - SPARE_DESCRIPTORS))
}

/** Node.js keeps a socket open for a moment after its end; names are looked up in files. */
const SPARE_DESCRIPTORS = 2

async function writeEvidence(
  path: string,
  target: AuditTarget,
  seed: Buffer,
  transcripts: readonly Transcript[],
): Promise<void> {
  const { printEvidence } = await import('../audit/evidence/evidence.ts')
  const { replaceFile } = await import('../files/atomic-file.ts')
  const header = { evidence: 1, subject: target, seed: seed.toString('hex') } as const
  try {
    replaceFile(path, printEvidence({ header, transcripts }))
  } catch (error) {
    fail(FILE_KINDS.unwritable, { path, error })
  }
}

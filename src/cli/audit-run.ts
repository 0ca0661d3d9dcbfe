/** What `audit` does: asks each server, and reports of it. */
import { randomBytes } from 'node:crypto'
import { accessSync, constants, lstatSync } from 'node:fs'
import { dirname } from 'node:path'
import { DEFAULT_LIMITS, DialedSource } from '../audit/connection/dialed-source.ts'
import type { Transcript } from '../audit/connection/transcript.ts'
import { describeTarget, scan } from '../audit/scan/scan.ts'
import { SCHEMES, schemeOfPort } from '../audit/scan/schemes.ts'
import { type AuditTarget, parseTarget, withServerName } from '../audit/scan/target.ts'
import type { ScanResult } from '../audit/scan-result.ts'
import { type Diagnostic, DiagnosticError, diagnose, fail } from '../diagnostics/diagnostic.ts'
import { diagnosticToJson, printJson } from '../diagnostics/diagnostic-json.ts'
import { suggest } from '../diagnostics/suggestion.ts'
import { descriptorRoom } from '../files/descriptors.ts'
import { FILE_KINDS } from '../files/file-diagnostics.ts'
import { readNamedTextFile, STANDARD_INPUT_PATH } from '../files/text-file.ts'
import type { AuditOptions } from './audit-options.ts'
import { judgeExit, printReport, reportOf } from './audit-report.ts'
import { type Judgement, loadYardsticks, refuseIdleOptions } from './audit-yardsticks.ts'
import { CLI_KINDS } from './cli-diagnostics.ts'
import { terminalFor } from './command.ts'
import { endedBySignals } from './ended-by-signals.ts'
import { EXIT, exitStatusOf } from './exit-codes.ts'
import { inOrder, type WorkLimits } from './in-order.ts'
import type { Terminal } from './terminal.ts'

export async function auditTargets(words: readonly string[], options: AuditOptions): Promise<void> {
  const terminal = terminalFor(options)
  const { serverName } = options
  const targets = targetTexts(words).map((text) => {
    const target = parseTarget(text, SCHEMES, schemeOfPort)
    tellScheme(target, terminal)
    return serverName === undefined ? target : withServerName(target, serverName)
  })
  if (targets.length > 1) refuseForMany(options)
  refuseIdleOptions(
    options,
    targets.map(({ scheme }) => scheme),
  )
  const judgement = await loadYardsticks(options, terminal)
  const { evidence } = options
  if (evidence !== undefined) refuseUnwritable(evidence)
  await endedBySignals(async (stop) => {
    const room = new ScanRoom(options, targets.length)
    let isFurther = false
    const progress = new Progress(terminal)
    const scans = inOrder(targets, room.limits, async (target) =>
      stop.aborted ? undefined : auditOne(target, { options, progress, room, stop }),
    )
    for await (const outcome of scans) {
      if (!outcome) continue
      await progress.pauseFor(() => tell(outcome, judgement, options, terminal, isFurther))
      isFurther = true
    }
    if (stop.aborted) tellInterrupted(terminal)
  })
}

/** How many targets and connections there is room for. */
class ScanRoom {
  readonly limits: WorkLimits
  /** Of one target. */
  readonly connections: number

  /** `--rate` is of all connections of this process: its targets are asked one after the other. */
  constructor({ rate }: AuditOptions, targets: number) {
    const room = descriptorRoom() - SPARE_DESCRIPTORS
    const { atOnce } = DEFAULT_LIMITS
    const most = rate === undefined ? Math.min(TARGETS_AT_ONCE, targets) : 1
    this.limits = { atOnce: clamp(Math.floor(room / atOnce), most), waiting: MOST_WAITING }
    // A connection without a descriptor would be told as one that the server did not answer.
    this.connections = clamp(room, atOnce)
  }
}

const TARGETS_AT_ONCE = 8

/** Reports that wait for one before them are kept in memory. */
const MOST_WAITING = 100

/** Node.js keeps a socket open for a moment after its end; names are looked up in files. */
const SPARE_DESCRIPTORS = 2

function clamp(value: number, most: number): number {
  return Math.max(1, Math.min(value, most))
}

/** The line of progress; a report is printed where it stood. */
class Progress {
  readonly #terminal: Terminal
  #isPaused = false

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  show(line: string): void {
    if (!this.#isPaused) this.#terminal.showStatus(line)
  }

  async pauseFor(print: () => Promise<void>): Promise<void> {
    this.show('')
    this.#isPaused = true
    await print()
    this.#isPaused = false
  }
}

/** What was not written is told: another service may have the port. */
function tellScheme({ text, scheme }: AuditTarget, terminal: Terminal): void {
  if (scheme === 'tls' || text.includes('://')) return
  terminal.note(
    `${text} is asked as ${scheme}://${text}, which has the port; tls://${text} begins TLS at once`,
  )
}

/** Each once; `-` stands for the lines of standard input. */
function targetTexts(words: readonly string[]): readonly string[] {
  const texts = words.flatMap((word) => (word === '-' ? targetLines() : word))
  if (texts.length === 0) {
    const what = 'standard input names no TARGET'
    fail(CLI_KINDS.missingOption, { what, hint: 'give one HOST:PORT a line' })
  }
  return [...new Set(texts)]
}

/** A target a line; empty lines, and what stands behind `#`, count for nothing. */
function targetLines(): readonly string[] {
  const { text } = readNamedTextFile(STANDARD_INPUT_PATH)
  return text.split('\n').flatMap((line) => line.replace(/(^|\s)#.*$/s, '').trim() || [])
}

/** What became of a target. */
type Outcome = Scanned | { readonly target: AuditTarget; readonly error: DiagnosticError }

type Scanned = {
  readonly result: ScanResult
  /** Why the evidence is not kept. */
  readonly unkept: DiagnosticError | undefined
}

async function tell(
  outcome: Outcome,
  judgement: Judgement,
  options: AuditOptions,
  terminal: Terminal,
  isFurther: boolean,
): Promise<void> {
  if ('error' in outcome) return tellUnreached(outcome.target, outcome.error, options, terminal)
  const report = reportOf(outcome.result, judgement)
  if (options.jsonl) terminal.print(printJson(report))
  else if (options.json) terminal.setResult(report)
  else {
    if (isFurther) terminal.print('')
    await printReport(report, terminal)
  }
  await judgeExit(report.findings, options)
  if (outcome.unkept) throw outcome.unkept
}

/** Under --jsonl each TARGET has a line, also one of which nothing was learnt. */
function tellUnreached(
  target: AuditTarget,
  { diagnostics }: DiagnosticError,
  { jsonl }: AuditOptions,
  terminal: Terminal,
): void {
  diagnostics.map((one) => withCommandHint(one, target)).forEach(terminal.report)
  const line = { target: describeTarget(target), diagnostics: diagnostics.map(diagnosticToJson) }
  if (jsonl) terminal.print(printJson(line))
  process.exitCode ??= exitStatusOf(diagnostics)
}

const SUBCOMMANDS = ['replay', 'diff']

/** A misspelt command is taken for the name of a host. */
function withCommandHint(diagnostic: Diagnostic, { text }: AuditTarget): Diagnostic {
  const [near] = suggest(text, SUBCOMMANDS)
  return near === undefined || diagnostic.hint !== undefined
    ? diagnostic
    : { ...diagnostic, hint: `did you mean the command audit ${near}?` }
}

function tellInterrupted(terminal: Terminal): void {
  terminal.warn(
    'interrupted: what was not asked by then is unknown, and further TARGETs were not asked',
  )
  process.exitCode = EXIT.interrupted
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

/** What a scan of one target goes by. */
type ScanSettings = {
  readonly options: AuditOptions
  readonly progress: Progress
  readonly room: ScanRoom
  readonly stop: AbortSignal
}

/** A server that cannot be reached does not keep others from being asked. */
async function auditOne(target: AuditTarget, settings: ScanSettings): Promise<Outcome> {
  try {
    return await scanTarget(target, settings)
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    return { target, error }
  }
}

async function scanTarget(
  target: AuditTarget,
  { options, progress, room, stop }: ScanSettings,
): Promise<Scanned> {
  const { budget, rate, timeout, evidence } = options
  const wait = timeout * 1000
  const times = { connecting: wait, silence: wait, duration: 3 * wait }
  const limits = { ...DEFAULT_LIMITS, ...times, budget, rate, atOnce: room.connections }
  const source = new DialedSource(target.address, limits, stop)
  const seed = randomBytes(32)
  const transcripts: Transcript[] = []
  const keep = (transcript: Transcript): void => {
    if (evidence !== undefined) transcripts.push(transcript)
    progress.show(`${target.text}: ${source.connections} connections`)
  }
  const write = async () =>
    evidence === undefined ? undefined : writeEvidence(evidence, target, seed, transcripts)
  try {
    const result = await scan(target, { source, seed, keep })
    return { result, unkept: await write() }
  } catch (error) {
    // Of a server that was not reached the evidence says why. That it is not kept matters less.
    await write()
    throw error
  } finally {
    progress.show('')
  }
}

/** It tells what servers of other hosts accept. */
const OWNER_ONLY = 0o600

/** The report does not depend on it: a full disk takes nothing of that. */
async function writeEvidence(
  path: string,
  target: AuditTarget,
  seed: Buffer,
  transcripts: readonly Transcript[],
): Promise<DiagnosticError | undefined> {
  const { printEvidence } = await import('../audit/evidence/evidence.ts')
  const { replaceFile } = await import('../files/atomic-file.ts')
  const header = { evidence: 1, subject: target, seed: seed.toString('hex') } as const
  try {
    replaceFile(path, printEvidence({ header, transcripts }), OWNER_ONLY)
    return undefined
  } catch (error) {
    return new DiagnosticError([diagnose(FILE_KINDS.unwritable, { path, error })])
  }
}

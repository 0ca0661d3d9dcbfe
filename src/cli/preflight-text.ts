/** Prints what a preflight found, and measured rates. */
import { diagnosticToJson, type JsonResult } from '../diagnostics/diagnostic-json.ts'
import type { Check } from '../migration/preflight/check.ts'
import type { Rate } from '../migration/preflight/rate.ts'
import { alignColumns } from '../report/table.ts'
import { formatSize } from './byte-size.ts'
import type { Terminal } from './terminal.ts'

const MARKS: { readonly [Outcome in Check['outcome']]: string } = {
  passed: 'ok',
  warning: 'warning',
  failed: 'FAILED',
  'not checked': '-',
}

/** A line for each check, and below it what is wrong. */
export function printChecks(checks: readonly Check[], terminal: Terminal): void {
  const lines = alignColumns(
    checks.map(({ name, outcome, found }) => [MARKS[outcome], name, found]),
  )
  for (const [index, { diagnostics }] of checks.entries()) {
    terminal.print(lines[index] ?? '')
    for (const diagnostic of diagnostics) terminal.printDiagnostic(diagnostic)
  }
}

export function checkToJson({ name, outcome, found, values = [], diagnostics }: Check): JsonResult {
  return { name, outcome, found, values, findings: diagnostics.map(diagnosticToJson) }
}

export function printRates(rates: readonly Rate[], terminal: Terminal): void {
  const head = ['channels', 'TLS', 'a second', 'CPU s/GiB here', 'there']
  const rows = rates.map(({ channels, suite, bytes, seconds, cpu }) => [
    String(channels),
    suite ?? 'none',
    formatSize(Math.round(bytes / seconds)),
    cpu.here.toFixed(2),
    cpu.there.toFixed(2),
  ])
  for (const line of alignColumns([head, ...rows])) terminal.print(line)
}

export function rateToJson({ channels, suite, bytes, seconds, cpu }: Rate): JsonResult {
  const bytesPerSecond = Math.round(bytes / seconds)
  const cpuSecondsPerGib = { here: cpu.here, there: cpu.there }
  return { channels, suite: suite ?? null, bytes, seconds, bytesPerSecond, cpuSecondsPerGib }
}

/** What to tell QEMU. */
export function adviceOf(channels: number): string {
  return channels === 1
    ? 'one channel is as fast as several: leave multifd off'
    : `give QEMU multifd and multifd-channels=${channels}`
}

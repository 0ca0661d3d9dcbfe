/** Tells what a reload of a service came to, as its log is written. */
import { changedObjects, describeReload, reloadToJson } from '../service/reload-text.ts'
import type { ReloadReport } from '../tls/objects/reload-report.ts'
import type { LogFormat } from './service-options.ts'
import type { Terminal } from './terminal.ts'

export function logReload(
  report: ReloadReport,
  { log }: { readonly log: LogFormat },
  terminal: Terminal,
): void {
  const changed = changedObjects(report)
  if (log === 'json') {
    const isRefused =
      report.diagnostics.length > 0 || changed.some(({ outcome }) => outcome === 'refused')
    if (isRefused || !terminal.options.quiet) {
      terminal.warn(reloadToJson({ ...report, objects: changed }, new Date()))
    }
    return
  }
  report.diagnostics.forEach(terminal.report)
  if (report.diagnostics.length > 0) terminal.note('the old policy stays')
  for (const reload of changed) {
    terminal.note(describeReload(reload))
    reload.diagnostics.forEach(terminal.report)
  }
}

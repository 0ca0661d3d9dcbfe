/** What a reload came to, in words and as data. */
import { diagnosticToJson, printJson } from '../diagnostics/diagnostic-json.ts'
import type { ObjectReload, ReloadReport } from '../tls/objects/reload-report.ts'

/** `tls-creds-x509 'tls0': loaded anew`. */
export function describeReload({ type, id, outcome }: ObjectReload): string {
  return `${type} '${id}': ${describeOutcome(type, outcome)}`
}

function describeOutcome(type: string, outcome: ObjectReload['outcome']): string {
  if (outcome !== 'refused') return outcome === 'replaced' ? 'loaded anew' : 'unchanged'
  return type.startsWith('authz-')
    ? 'the new file is refused, and every client is denied until it is mended'
    : 'the new files are refused, the old ones stay'
}

/** One line of JSON. */
export function reloadToJson({ objects, diagnostics }: ReloadReport, at: Date): string {
  const rows = objects.map((row) => ({
    ...row,
    diagnostics: row.diagnostics.map(diagnosticToJson),
  }))
  return printJson({
    time: at.toISOString(),
    event: 'reloaded',
    objects: rows,
    diagnostics: diagnostics.map(diagnosticToJson),
  })
}

/** The objects that a reload changed, or should have. */
export function changedObjects({ objects }: ReloadReport): readonly ObjectReload[] {
  return objects.filter(({ outcome }) => outcome !== 'unchanged')
}

/** The application policies of a host, as lines of text and as JSON. */
import type { JsonResult } from '../diagnostics/diagnostic-json.ts'
import { printable } from '../diagnostics/print-diagnostic.ts'
import type { FoundApplication } from '../system/applications.ts'

/** A line for each: its state, its keyword and back-ends, its file. */
export function describeApplications(found: readonly FoundApplication[]): readonly string[] {
  if (found.length === 0) return ['no application policy is there']
  const width = Math.max(...found.map(({ name }) => name.length))
  return found.map(({ name, state, path, application }) => {
    const what = application ? ` @${application.keyword} ${application.backends.join(',')}` : ''
    return printable(`${name.padEnd(width)}  ${state.padEnd(11)} ${what}  ${path}`)
  })
}

/** What scripts read of one. */
export function applicationToJson({
  name,
  state,
  path,
  application,
}: FoundApplication): JsonResult {
  return {
    name,
    state,
    path,
    keyword: application?.keyword ?? null,
    backEnds: application ? [...application.backends] : null,
    mayExceed: application?.mayExceed ?? null,
  }
}

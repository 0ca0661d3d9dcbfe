/** The policies and modules of a host as lines of text. */
import { dirname } from 'node:path'
import { printable } from '../diagnostics/print-diagnostic.ts'
import type { FoundPolicies, FoundPolicy } from '../system/policy-list.ts'

/** Names by the folder that they are from, then what is configured and in force. */
export function describePolicies(found: FoundPolicies): readonly string[] {
  const { policies, modules, configured, inForce } = found
  return [
    ...describeFolders('policies', policies),
    ...describeFolders('modules', modules),
    `configured: ${configured}`,
    `in force: ${inForce ?? 'nothing yet'}`,
  ].map(printable)
}

function describeFolders(title: string, found: readonly FoundPolicy[]): readonly string[] {
  const folders = [...new Set(found.map(({ path }) => dirname(path)))].toSorted()
  return folders.flatMap((folder) => {
    const names = found.filter(({ path }) => dirname(path) === folder).map(({ name }) => name)
    return [`${title} in ${folder}:`, ...names.map((name) => `  ${name}`)]
  })
}

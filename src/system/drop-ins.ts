/** Drop-ins: `local.d/BACKEND-NAME.config`, appended to what the policy gives a back-end. */

import { join } from 'node:path'
import { type Diagnostic, DiagnosticError, diagnose } from '../diagnostics/diagnostic.ts'
import type { Source } from '../diagnostics/source.ts'
import { listFolderIfPresent } from '../files/folder-list.ts'
import { readTextFile } from '../files/text-file.ts'
import { unifyLineEnds } from './line-ends.ts'
import { isNullDevice, statIfReachable } from './null-device.ts'
import { SYSTEM_KINDS } from './system-diagnostics.ts'

/** The names of a back-end's drop-ins, in the order in which they are appended. */
export function listDropIns(folder: string, backend: string): readonly string[] {
  return listFolderIfPresent(folder)
    .filter((name) => name.startsWith(`${backend}-`) && name.endsWith('.config'))
    .toSorted()
}

/** Files that look like drop-ins, and are named after no back-end. */
export function listDropInsOfNone(folder: string, backends: readonly string[]): readonly string[] {
  return listFolderIfPresent(folder)
    .filter((name) => name.endsWith('.config'))
    .filter((name) => !backends.some((backend) => name.startsWith(`${backend}-`)))
    .toSorted()
}

export type DropIns = {
  readonly sources: readonly Source[]
  /** Warnings. */
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Reads the drop-ins of a back-end.
 *
 * @throws DiagnosticError where one cannot be read or cannot mean what it was written for.
 */
export function readDropIns(folder: string, backend: string): DropIns {
  const paths = listDropIns(folder, backend).map((name) => join(folder, name))
  const dangling = paths.filter(isDangling)
  const sources = paths.filter((path) => !dangling.includes(path)).map(readDropIn)
  const errors = backend === 'gnutls' ? sources.flatMap(checkGnutlsDropIn) : []
  if (errors.length > 0) throw new DiagnosticError(errors)
  const diagnostics = [
    ...dangling.map((path) => diagnose(SYSTEM_KINDS.danglingDropIn, { path })),
    ...findUnendedDropIns(sources),
  ]
  return { sources, diagnostics }
}

/** Reads a drop-in; one that is a link to /dev/null is masked, and empty. */
export function readDropIn(path: string): Source {
  return isNullDevice(path) ? { name: path, text: '' } : unifyLineEnds(readTextFile(path))
}

/** A link that leads nowhere is a drop-in whose file was removed. */
function isDangling(path: string): boolean {
  return statIfReachable(path) === undefined
}

/** A drop-in that does not end its last line runs into the one that is appended after it. */
function findUnendedDropIns(dropIns: readonly Source[]): readonly Diagnostic[] {
  return dropIns
    .slice(0, -1)
    .filter(({ text }) => text !== '' && !text.endsWith('\n'))
    .map((source) => {
      const span = { source, start: source.text.length - 1, end: source.text.length }
      return diagnose(SYSTEM_KINDS.unendedDropIn, {}, span)
    })
}

/** Whether any drop-in is there, of whichever back-end. */
export function hasDropIns(folder: string): boolean {
  return listFolderIfPresent(folder).some((name) => /.-.*\.config$/.test(name))
}

/**
 * A drop-in of gnutls is appended below `[priorities]`, where each line is `KEYWORD=STRING`.
 * The commonest mistake is the string alone.
 */
export function checkGnutlsDropIn(source: Source): readonly Diagnostic[] {
  const diagnostics: Diagnostic[] = []
  for (const match of source.text.matchAll(/^[^\n]*$/gm)) {
    const line = match[0].trim()
    if (line === '' || /^[#;[]/.test(line)) continue
    if (/^[^=\s]+\s*=/.test(line)) continue
    const start = match.index + match[0].indexOf(line)
    const kind = isPriority(line) ? SYSTEM_KINDS.bareGnutlsDropIn : SYSTEM_KINDS.gnutlsDropInSyntax
    diagnostics.push(diagnose(kind, { line }, { source, start, end: start + line.length }))
  }
  return diagnostics
}

/** Whether a line looks like a priority string: keywords joined by colons. */
function isPriority(line: string): boolean {
  return /^@?[A-Z][A-Z0-9_,@-]*(:\S*)?$/.test(line) || /^[+!%-][A-Z]/.test(line)
}

/** Compiles application policies into the files of a host, together with the system's. */

import {
  findApplicationBackends,
  purposesOf,
} from '../backends/applications/all-application-backends.ts'
import {
  type ApplicationBackend,
  type HostReleases,
  writeApplication,
} from '../backends/applications/application-backend.ts'
import { type Diagnostic, DiagnosticError, diagnose, hasErrors } from '../diagnostics/diagnostic.ts'
import type { Source } from '../diagnostics/source.ts'
import { APPLICATION_KINDS } from '../policy/application/application-diagnostics.ts'
import {
  type ApplicationPolicy,
  layerApplication,
} from '../policy/application/application-policy.ts'
import { diagnoseExcess } from '../policy/application/exceeding.ts'
import type { Policy } from '../policy/policy.ts'
import { toUpperAscii } from '../priority/ascii-case.ts'
import { evaluatePriority } from '../priority/evaluate.ts'
import { diagnoseFailure } from '../priority/failure/failure-diagnostics.ts'
import { type ConfigEntry, parseSystemConfig } from '../priority/system-config.ts'
import { type Directories, localFolder } from './directories.ts'
import { readDropIns } from './drop-ins.ts'

export type ApplicationFiles = {
  readonly applications: readonly ApplicationPolicy[]
  /** What stands below `[priorities]` of gnutls.config, behind the system's string. */
  readonly gnutlsLines: string
  /** By path below the base directory. */
  readonly files: ReadonlyMap<string, string>
  readonly sources: readonly Source[]
  /** Warnings. */
  readonly diagnostics: readonly Diagnostic[]
}

/** The folder of the files that are an application's own, below the base directory. */
function applicationFolder(name: string): string {
  return `back-ends/applications/${name}`
}

/**
 * Compiles all applications over one system policy.
 *
 * @throws DiagnosticError with all that stops them: more than the system policy allows, or a keyword that
 *   a drop-in has too.
 */
export function compileApplications(
  system: Policy,
  applications: readonly ApplicationPolicy[],
  releases: HostReleases,
  directories: Directories,
): ApplicationFiles {
  const raw = findRawStrings(directories)
  const diagnostics: Diagnostic[] = []
  const files = new Map<string, string>()
  const refusalOf = refusals()
  let gnutlsLines = ''
  for (const application of applications) {
    const { name, keyword, backends } = application
    const layered = layerApplication(system, application)
    diagnostics.push(...diagnoseExcess(layered, purposesOf(backends)))
    for (const backend of findApplicationBackends(backends)) {
      const { text, remarks } = writeApplication(layered, backend, releases)
      const refusal = backend.file === undefined && text !== undefined ? refusalOf(text) : undefined
      diagnostics.push(...tell(application, backend, text, refusal, remarks))
      if (backend.file !== undefined) {
        const written = text ?? backend.nothing
        if (written !== undefined) files.set(`${applicationFolder(name)}/${backend.file}`, written)
        continue
      }
      const conflict = diagnoseConflict(application, raw.get(keyword))
      if (conflict) diagnostics.push(conflict)
      if (!conflict || hasErrors([conflict])) gnutlsLines += `${keyword}=${text}\n`
    }
  }
  if (hasErrors(diagnostics)) throw new DiagnosticError(diagnostics)
  const sources = applications.map(({ source }) => source)
  return { applications, gnutlsLines, files, sources, diagnostics }
}

function tell(
  { name: application }: ApplicationPolicy,
  backend: ApplicationBackend,
  text: string | undefined,
  refusal: string | undefined,
  remarks: readonly string[],
): readonly Diagnostic[] {
  const what = remarks.join('; ')
  const lacking = text === undefined ? what : refusal
  const data = { application, backend: backend.title }
  if (lacking !== undefined) {
    return [diagnose(APPLICATION_KINDS.allowsNothing, { ...data, lacking })]
  }
  return what === '' ? [] : [diagnose(APPLICATION_KINDS.cannotSay, { ...data, what })]
}

/** Says why GnuTLS would refuse a string; many programs of a host have one, which is looked at once. */
function refusals(): (text: string) => string | undefined {
  const known = new Map<string, string | undefined>()
  return (text) => {
    if (!known.has(text)) {
      const outcome = evaluatePriority({ name: '<application>', text })
      known.set(text, outcome.ok ? undefined : diagnoseFailure(outcome.failure).message)
    }
    return known.get(text)
  }
}

/** The strings that drop-ins of gnutls give to keywords. */
function findRawStrings(directories: Directories): ReadonlyMap<string, ConfigEntry> {
  const { sources } = readDropIns(localFolder(directories), 'gnutls')
  const entries = sources.flatMap((source) => parseSystemConfig(source).entries)
  const strings = entries.filter(
    ({ section }) => section === '' || toUpperAscii(section) === 'PRIORITIES',
  )
  return new Map(strings.map((entry) => [entry.key, entry]))
}

function diagnoseConflict(
  { keyword, keywordSpan, source, dropInWins }: ApplicationPolicy,
  entry: ConfigEntry | undefined,
): Diagnostic | undefined {
  if (!entry) return undefined
  if (dropInWins) {
    return diagnose(APPLICATION_KINDS.rawStringWins, { keyword, file: source.name }, entry.span)
  }
  const data = { keyword, file: source.name, dropIn: entry.span }
  return diagnose(APPLICATION_KINDS.rawString, data, keywordSpan)
}

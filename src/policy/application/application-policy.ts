/** The policy of one application: directives that are layered over whatever system policy is in force. */
import { type Diagnostic, diagnose } from '../../diagnostics/diagnostic.ts'
import type { Source, Span } from '../../diagnostics/source.ts'
import type { Directive } from '../directive.ts'
import { type Policy, parseDirectives } from '../policy.ts'
import { APPLICATION_KINDS } from './application-diagnostics.ts'
import { type ApplicationSettings, readPragmas } from './pragmas.ts'

export type ApplicationPolicy = ApplicationSettings & {
  readonly name: string
  readonly source: Source
  /** Where the keyword is set, else the beginning of the file. */
  readonly keywordSpan: Span
  readonly directives: readonly Directive[]
}

export type ParsedApplication = {
  readonly application: ApplicationPolicy
  /** With an error among them the policy is incomplete. */
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Reads the file of an application.
 *
 * @param backends All that applications can have.
 */
export function parseApplication(
  name: string,
  source: Source,
  backends: readonly string[],
): ParsedApplication {
  const diagnostics: Diagnostic[] = []
  const settings = readPragmas(source, name, backends, diagnostics)
  const parsed = parseDirectives(source)
  const keywordSpan = settings.keywordSpan ?? { source, start: 0, end: 0 }
  return {
    application: { ...settings, keywordSpan, name, source, directives: parsed.directives },
    diagnostics: [...diagnostics, ...parsed.diagnostics],
  }
}

/** What holds for an application: the system policy, its modules, then the application's directives. */
export type LayeredPolicy = Policy & {
  readonly system: Policy
  readonly application: ApplicationPolicy
}

/** Puts the policy of an application over that of the system. */
export function layerApplication(system: Policy, application: ApplicationPolicy): LayeredPolicy {
  return {
    system,
    application,
    name: `${system.name}+${application.name}`,
    directives: [...system.directives, ...application.directives],
  }
}

/** One keyword belongs to one application: GnuTLS would take either string. */
export function findSameKeywords(
  applications: readonly ApplicationPolicy[],
): readonly Diagnostic[] {
  const owners = new Map<string, ApplicationPolicy>()
  return applications.flatMap((application) => {
    const { keyword, keywordSpan } = application
    const owner = owners.get(keyword)
    if (!owner) owners.set(keyword, application)
    return owner
      ? [
          diagnose(
            APPLICATION_KINDS.sameKeyword,
            { keyword, other: owner.source.name },
            keywordSpan,
          ),
        ]
      : []
  })
}

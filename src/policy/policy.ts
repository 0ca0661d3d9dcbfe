/** A policy: directives of a base file and of the modules layered on it, in order. */
import { type Diagnostic, diagnose, hasErrors } from '../diagnostics/diagnostic.ts'
import type { Source } from '../diagnostics/source.ts'
import { modernize } from './deprecated.ts'
import { type Directive, readDirective } from './directive.ts'
import { parsePolicyFile } from './parser.ts'
import { POLICY_KINDS } from './policy-diagnostics.ts'

export type Policy = {
  /** `POLICY:MODULE1:MODULE2`. */
  readonly name: string
  readonly directives: readonly Directive[]
  /** The policy whose directives come first in these, where it is a policy of its own. */
  readonly system?: Policy
}

export type ParsedPolicy = {
  readonly policy: Policy
  /** Errors and warnings of all files. With an error among them the policy is incomplete. */
  readonly diagnostics: readonly Diagnostic[]
}

/** The most errors of one file that are shown. */
const SHOWN_ERRORS = 500

/**
 * Reads a policy from its base file and its modules.
 *
 * @param name `POLICY:MODULE1:MODULE2`, for the dump.
 * @param sources The base file, then the modules in order.
 */
export function parsePolicy(name: string, sources: readonly Source[]): ParsedPolicy {
  const files = sources.map(parseDirectives)
  return {
    policy: { name, directives: files.flatMap((file) => file.directives) },
    diagnostics: files.flatMap((file) => file.diagnostics),
  }
}

/** Reads the directives of one file; errors are limited, and sorted by their place. */
export function parseDirectives(source: Source): {
  readonly directives: readonly Directive[]
  readonly diagnostics: readonly Diagnostic[]
} {
  const syntax = parsePolicyFile(source)
  const diagnostics = [...syntax.diagnostics]
  const directives: Directive[] = []
  let checked = 0
  let failed = false
  for (const statement of modernize(syntax, diagnostics)) {
    // Only new diagnostics are looked at: a file may have as many warnings as lines.
    failed ||= hasErrors(diagnostics.slice(checked))
    checked = diagnostics.length
    if (failed && checked > SHOWN_ERRORS) break
    const directive = readDirective(statement, diagnostics)
    if (directive) directives.push(directive)
  }
  return { directives, diagnostics: limitDiagnostics(source, diagnostics) }
}

function limitDiagnostics(source: Source, diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const sorted = diagnostics.toSorted((a, b) => (a.span?.start ?? 0) - (b.span?.start ?? 0))
  if (sorted.length <= SHOWN_ERRORS || !hasErrors(sorted)) return sorted
  const data = { shown: SHOWN_ERRORS, name: source.name }
  return [...sorted.slice(0, SHOWN_ERRORS), diagnose(POLICY_KINDS.tooManyErrors, data)]
}

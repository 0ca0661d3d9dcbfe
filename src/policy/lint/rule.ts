/** What a lint rule is, and what it is given. */
import type { Diagnostic, DiagnosticKind } from '../../diagnostics/diagnostic.ts'
import type { Source } from '../../diagnostics/source.ts'
import type { Directive } from '../directive.ts'
import type { Policy } from '../policy.ts'
import type { PurposeName } from '../scope.ts'
import type { Statement } from '../syntax.ts'

/** A base policy stands by itself; a module changes one. */
export type PolicyFileKind = 'base' | 'module'

export type LintFile = {
  readonly source: Source
  readonly kind: PolicyFileKind
  /** As written. */
  readonly statements: readonly Statement[]
  /** What the statements mean; those in error are missing. */
  readonly directives: readonly Directive[]
  /** What was found while the file was read. */
  readonly diagnostics: readonly Diagnostic[]
}

export type LintContext = {
  /** A base file and the modules on it in order, or modules alone. */
  readonly files: readonly LintFile[]
  /** All files together. */
  readonly policy: Policy
  /** Whether the first file is a base policy, so that it is known what the whole enables. */
  readonly hasBase: boolean
  /** What the library for a purpose keeps although the policy forbids it, as far as that is known. */
  readonly keptFor?: (purpose: PurposeName) => readonly string[]
}

export type LintRule = {
  /** The name of the rule's file. */
  readonly name: string
  /** What the rule is against, and why. */
  readonly summary: string
  /** Every kind of finding; each declares its code and its severity. */
  readonly kinds: readonly DiagnosticKind<never>[]
  /** Whether it evaluates the policy: such rules are left out where a file is too large for them. */
  readonly evaluates: boolean
  readonly check: (context: LintContext) => readonly Diagnostic[]
}

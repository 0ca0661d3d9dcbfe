/** What went wrong, where and whose fault it is: the one shape of every error and warning. */
import { withoutSecrets } from './secrets.ts'
import type { Span } from './source.ts'

export type Severity = 'error' | 'warning' | 'note'

/** Whose fault an error is; the command line maps each to an exit status. */
export type Fault =
  /** The answer to the question asked is no. */
  | 'answer'
  /** The command line is wrong. */
  | 'usage'
  /** A text that was given does not mean anything. */
  | 'input'
  /** A file or a policy that was named is not there. */
  | 'missing'
  /** A program or a peer that is needed is not there. */
  | 'unavailable'
  /** Something could not be written. */
  | 'write'
  /** The user may not do this. */
  | 'permission'

/** One kind of diagnostic, declared once: its code, its text and its meaning. */
export type DiagnosticKind<Data> = {
  /** Stable, `AREA_WHAT`. */
  readonly code: string
  readonly severity: Severity
  readonly fault: Fault
  /** What the code means and what to do, for docs/errors.md. */
  readonly summary: string
  readonly message: (data: Data) => string
  /** The remedy, where one is known. */
  readonly hint?: (data: Data) => string | undefined
  /** Told under `--quiet` too, whatever its severity: the user may not expect what was done. */
  readonly isAlwaysTold?: boolean
  /** What update-crypto-policies prints in the same case, for scripts that look for its lines. */
  readonly reference?: (data: Data) => ReferenceLine | undefined
}

/** A line as update-crypto-policies prints it. */
export type ReferenceLine = {
  /** What it calls the error or the warning, where it names one. */
  readonly kind?: string
  readonly text: string
}

export type Diagnostic = {
  readonly code: string
  readonly severity: Severity
  readonly fault: Fault
  readonly message: string
  readonly hint?: string
  readonly isAlwaysTold?: boolean
  readonly span?: Span
  readonly reference?: ReferenceLine
  /** What the message says, as data for programs: JSON values only. */
  readonly data?: Readonly<Record<string, unknown>>
}

/** Makes a diagnostic of a kind. */
export function diagnose<Data>(kind: DiagnosticKind<Data>, data: Data, span?: Span): Diagnostic {
  const hint = kind.hint?.(data)
  const reference = kind.reference?.(data)
  return {
    code: kind.code,
    severity: kind.severity,
    fault: kind.fault,
    message: withoutSecrets(kind.message(data)),
    ...(hint === undefined ? {} : { hint: withoutSecrets(hint) }),
    ...(kind.isAlwaysTold ? { isAlwaysTold: true } : {}),
    ...(span === undefined ? {} : { span }),
    ...(reference === undefined ? {} : { reference }),
  }
}

/** Checks the shape of a table of kinds and keeps its type. */
export function defineKinds<Kinds extends Record<string, DiagnosticKind<never>>>(
  kinds: Kinds,
): Kinds {
  return kinds
}

/** Whether any of them stops the work. */
export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === 'error')
}

const IS_DIAGNOSTIC_ERROR = Symbol.for('cryptopolicy.DiagnosticError')

/** Thrown where work cannot go on; carries every diagnostic found so far. */
export class DiagnosticError extends Error {
  readonly [IS_DIAGNOSTIC_ERROR] = true
  readonly diagnostics: readonly Diagnostic[]

  constructor(diagnostics: readonly Diagnostic[]) {
    const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error')
    super(errors.map((diagnostic) => diagnostic.message).join('\n'))
    this.name = 'DiagnosticError'
    this.diagnostics = diagnostics
  }

  /** A part of a program that is loaded only where it is needed brings a class of its own. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: a class that extends it has only its own instances
    if (this !== DiagnosticError) return super[Symbol.hasInstance](value)
    return value instanceof Error && IS_DIAGNOSTIC_ERROR in value
  }
}

/** Throws one diagnostic. */
export function fail<Data>(kind: DiagnosticKind<Data>, data: Data, span?: Span): never {
  throw new DiagnosticError([diagnose(kind, data, span)])
}

/** Marks a diagnostic as an error, for `--strict`. */
export function escalate(diagnostic: Diagnostic): Diagnostic {
  return diagnostic.severity === 'warning' ? { ...diagnostic, severity: 'error' } : diagnostic
}

/** What would be wrong use on a command line is bad input where a file says it. */
export function asSaidByFile(diagnostic: Diagnostic): Diagnostic {
  return diagnostic.fault === 'usage' ? { ...diagnostic, fault: 'input' } : diagnostic
}

/** Marks a diagnostic as a warning, where work goes on in spite of it. */
export function moderate(diagnostic: Diagnostic): Diagnostic {
  return diagnostic.severity === 'error' ? { ...diagnostic, severity: 'warning' } : diagnostic
}

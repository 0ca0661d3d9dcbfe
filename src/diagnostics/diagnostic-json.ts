/** A diagnostic and a place as data: the one form in which every JSON output has them. */
import type { Diagnostic, Fault, Severity } from './diagnostic.ts'
import { INVISIBLE } from './print-diagnostic.ts'
import { withoutSecrets } from './secrets.ts'
import { locate, type Span } from './source.ts'

/** A result. It is no array, so that keys can be added to it later. */
export type JsonResult = { readonly [key: string]: unknown }

/** Where something is written; line and column count from 1. */
export type JsonLocation = {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Every key is always there; what is not known is null. */
export type JsonDiagnostic = {
  readonly code: string
  readonly severity: Severity
  readonly fault: Fault
  readonly message: string
  readonly hint: string | null
  readonly file: string | null
  readonly line: number | null
  readonly column: number | null
  readonly data: Readonly<Record<string, unknown>> | null
}

export function diagnosticToJson(diagnostic: Diagnostic): JsonDiagnostic {
  const { code, severity, fault, message, hint = null, span, data = null } = diagnostic
  const place = locationToJson(span) ?? { file: null, line: null, column: null }
  return { code, severity, fault, message, hint, ...place, data }
}

/** The start of a span; null where there is none. */
export function locationToJson(span: Span | undefined): JsonLocation | null {
  return span
    ? { file: withoutSecrets(span.source.name), ...locate(span.source, span.start) }
    : null
}

/**
 * Prints data as JSON in which every character is seen: a terminal obeys C1 controls and marks of
 * direction, which JSON need not escape. They can only be within strings, where an escape means the same.
 */
export function printJson(data: object, indent?: number): string {
  return JSON.stringify(data, null, indent).replace(INVISIBLE, (unseen) =>
    unseen === '\n' ? unseen : unseen.split('').map(escapeUnit).join(''),
  )
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}

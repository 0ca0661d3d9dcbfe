/** What all parts of the library have in common: what was refused, and where it is written. */
import { objectOf, optionalChecked, optionsOf } from '../arguments/objects.ts'
import {
  integerWithin,
  requireFunction,
  requireOneOf,
  requireString,
} from '../arguments/single-values.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { type DiagnosticStyle, printDiagnostic as print } from '../diagnostics/print-diagnostic.ts'
import {
  locate as find,
  formatLocation as format,
  type Location,
  type Source,
  type Span,
} from '../diagnostics/source.ts'

export type { TextInput } from '../arguments/single-values.ts'
export {
  DiagnosticError,
  type Fault,
  type ReferenceLine,
  type Severity,
} from '../diagnostics/diagnostic.ts'
export type { Diagnostic, DiagnosticStyle, Location, Source, Span }

const checkSource = objectOf<Source>({ name: requireString, text: requireString })

const requireOffset = integerWithin(0)

const checkSpan = objectOf<Span>({
  source: checkSource,
  start: requireOffset,
  end: requireOffset,
})

const checkDiagnostic = objectOf<Diagnostic>({
  code: requireString,
  severity: (value, name) => requireOneOf(value, ['error', 'warning', 'note'], name),
  message: requireString,
  hint: optionalChecked(requireString),
  span: optionalChecked(checkSpan),
})

const checkStyle = optionsOf<DiagnosticStyle>({
  severity: requireFunction,
  caret: requireFunction,
  hint: requireFunction,
})

/**
 * A diagnostic as the commands print it: what and where, the line, a caret, a hint. It ends without a line end.
 *
 * @param style How its parts are coloured; plain text without it.
 * @throws DiagnosticError LIBRARY_ARGUMENT, LIBRARY_OPTION
 */
export function printDiagnostic(diagnostic: Diagnostic, style?: DiagnosticStyle): string {
  checkDiagnostic(diagnostic, 'diagnostic')
  return style === undefined ? print(diagnostic) : print(diagnostic, checkStyle(style, 'style'))
}

/**
 * `file:line:column` of the start of a span.
 *
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function formatLocation(span: Span): string {
  return format(checkSpan(span, 'span'))
}

/**
 * The line and the column of an offset.
 *
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function locate(source: Source, offset: number): Location {
  return find(checkSource(source, 'source'), requireOffset(offset, 'offset'))
}

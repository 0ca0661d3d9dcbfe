/** What all parts of the library have in common: what was refused, and where it is written. */
export {
  type Diagnostic,
  DiagnosticError,
  type Fault,
  type ReferenceLine,
  type Severity,
} from '../diagnostics/diagnostic.ts'
export {
  type DiagnosticStyle,
  printDiagnostic,
} from '../diagnostics/print-diagnostic.ts'
export {
  formatLocation,
  type Location,
  locate,
  type Source,
  type Span,
} from '../diagnostics/source.ts'
export type { TextInput } from './arguments.ts'

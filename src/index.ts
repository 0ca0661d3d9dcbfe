/** What programs import from `cryptopolicy`. */
export type { Backend } from './backends/backend.ts'
export { BACKENDS, findBackend } from './backends/registry.ts'
export {
  type Diagnostic,
  DiagnosticError,
  type Severity,
} from './diagnostics/diagnostic.ts'
export { printDiagnostic } from './diagnostics/print-diagnostic.ts'
export type { Source, Span } from './diagnostics/source.ts'
export { dumpPolicy } from './policy/dump.ts'
export { type EffectivePolicy, evaluatePolicy } from './policy/effective-policy.ts'
export { type ParsedPolicy, type Policy, parsePolicy } from './policy/policy.ts'
export { PURPOSES, type PurposeName, purpose, type Scope, type ScopeSet } from './policy/scope.ts'

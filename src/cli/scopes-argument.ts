/** Reads `--scope NAME`: a purpose of a back-end, or a scope that several of them share. */
import { fail } from '../diagnostics/diagnostic.ts'
import {
  NO_SCOPES,
  PURPOSE_NAMES,
  type PurposeName,
  purpose,
  SCOPES,
  type Scope,
  type ScopeSet,
} from '../policy/scope.ts'
import { CLI_KINDS } from './cli-diagnostics.ts'

/**
 * The scopes to evaluate under. A back-end's own name means all scopes that it reads; a shared
 * one, such as `tls`, only itself; nothing means the policy for everything else.
 */
export function readScopes(name: string | undefined): ScopeSet {
  if (name === undefined) return NO_SCOPES
  const wanted = name.toLowerCase()
  if (isPurpose(wanted)) return purpose(wanted).scopes
  if (isScope(wanted)) return new Set([wanted])
  const known = [...new Set([...PURPOSE_NAMES, ...SCOPES])].toSorted()
  return fail(CLI_KINDS.unknownName, { what: 'scope', name, known })
}

function isPurpose(name: string): name is PurposeName {
  return (PURPOSE_NAMES as readonly string[]).includes(name)
}

function isScope(name: string): name is Scope {
  return (SCOPES as readonly string[]).includes(name)
}

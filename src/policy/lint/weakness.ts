/** How the weak settings that are found are told: as warnings or as notes. */
import type { WeaknessSeverity } from '../../algorithms/algorithm.ts'
import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import type { PropertyName } from '../properties.ts'
import { NEGOTIATED_PURPOSES } from '../purpose-readers.ts'
import type { PurposeName } from '../scope.ts'

/** What a finding of weakness carries for programs. */
export type WeaknessData = {
  readonly weakness: WeaknessSeverity
  readonly property: PropertyName
  readonly values: readonly string[]
  readonly purposes: readonly PurposeName[]
}

/**
 * A note where the weakness is low, or where no attacker can talk two programs down to it: a program that reads
 * an old file or verifies an old package has no stronger choice.
 */
export function weakenWhereHarmless(finding: Diagnostic, data: WeaknessData): Diagnostic {
  const isNegotiated = data.purposes.some((name) => NEGOTIATED_PURPOSES.includes(name))
  const severity = data.weakness === 'low' || !isNegotiated ? 'note' : finding.severity
  return { ...finding, severity, data }
}

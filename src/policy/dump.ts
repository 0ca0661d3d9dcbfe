/** Prints a policy in full, as `state/CURRENT.pol` holds it: what is in force, for people to read. */
import { type EffectivePolicy, evaluatePolicy } from './effective-policy.ts'
import type { Policy } from './policy.ts'
import { isAlgorithmClass, isIntegerName, PROPERTY_NAMES, type PropertyName } from './properties.ts'
import { NO_SCOPES, PURPOSE_NAMES, type PurposeName, purpose } from './scope.ts'

/** The dump of a policy; itself a policy that means the same. */
export function dumpPolicy(policy: Policy): string {
  const baseline = evaluatePolicy(policy, NO_SCOPES)
  const purposes = new Map(
    PURPOSE_NAMES.map((name) => [name, evaluatePolicy(policy, purpose(name).scopes)]),
  )
  const specific = PURPOSE_NAMES.flatMap((name) => dumpPurpose(name, purposes, baseline))
  return [
    `# Policy ${policy.name} dump`,
    '#',
    '# Do not parse the contents of this file with automated tools,',
    '# it is provided for review convenience only.',
    '#',
    '# Baseline values for all scopes:',
    ...PROPERTY_NAMES.map((property) => printValue(property, baseline)),
    specific.length > 0
      ? '# Scope-specific properties derived for select backends:'
      : '# No scope-specific properties found.',
    ...specific,
    '',
  ].join('\n')
}

/** A property's value as a directive would set it. */
export function formatValue(effective: EffectivePolicy, property: PropertyName): string {
  if (isAlgorithmClass(property)) return effective.enabled[property].join(' ')
  if (isIntegerName(property)) return String(effective.integers[property])
  return effective.choices[property]
}

function dumpPurpose(
  name: PurposeName,
  purposes: ReadonlyMap<PurposeName, EffectivePolicy>,
  baseline: EffectivePolicy,
): readonly string[] {
  const effective = purposes.get(name) ?? baseline
  const parentName = purpose(name).parent
  const parent = (parentName && purposes.get(parentName)) ?? baseline
  return PROPERTY_NAMES.filter(
    (property) => formatValue(effective, property) !== formatValue(parent, property),
  ).map((property) => printValue(property, effective, `@${name}`))
}

function printValue(property: PropertyName, effective: EffectivePolicy, scope = ''): string {
  return `${property}${scope} = ${formatValue(effective, property)}`.trimEnd()
}

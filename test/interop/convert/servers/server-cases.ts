/** What servers are set up with: conversions of priority strings and of policies, the same in each run. */

import type { AllowedTls } from '../../../../src/algorithms/allowed-tls.ts'
import { priorityTextOf } from '../../../../src/backends/applications/converted.ts'
import { allowedByPolicy } from '../../../../src/policy/allowed-by-policy.ts'
import { evaluatePolicy } from '../../../../src/policy/effective-policy.ts'
import { type Policy, parsePolicy } from '../../../../src/policy/policy.ts'
import { purpose } from '../../../../src/policy/scope.ts'
import type { Conversion } from '../../../../src/priority/convert/conversion.ts'
import { allowedTls, evaluatePriority } from '../../../../src/priority/evaluate.ts'
import type { ConversionTarget } from '../../../../src/priority/library-releases.ts'
import { findInstalledRelease } from '../../../../src/system/installed-library.ts'
import { Random } from '../../../fuzz/random.ts'
import { SEED } from '../../../seed.ts'
import { shippedPolicy } from '../../../shipped-policies.ts'
import { drawPolicy } from '../../policy/draw-policies.ts'
import { drawStrings } from '../draw-strings.ts'
import { tryConversion } from '../judge.ts'

export type ServerCase = {
  /** The string, or the text of the policy. */
  readonly name: string
  readonly allowed: AllowedTls
  readonly conversion: Conversion
}

/** How many policies are drawn; a script sets more. */
const POLICIES = Number(process.env.SERVER_POLICIES ?? 6)

const SHIPPED = ['DEFAULT', 'LEGACY', 'FUTURE']

/** Only those of which the server can be told anything. */
export function drawServerCases(
  target: ConversionTarget,
  { withStrings = true } = {},
): readonly ServerCase[] {
  const releases = findInstalledRelease(target, 'openssl')
  const strings = (withStrings ? drawStrings(0) : []).flatMap(([name, evaluation]) => {
    const conversion = tryConversion(evaluation, target, releases)
    return conversion ? [{ name, allowed: allowedTls(evaluation), conversion }] : []
  })
  const policies = drawPolicies().flatMap(([name, policy]) => {
    const text = priorityTextOf(evaluatePolicy(policy, purpose('openssl').scopes))
    const outcome = evaluatePriority({ name: '<policy>', text })
    const conversion = outcome.ok && tryConversion(outcome.evaluation, target, releases)
    return conversion ? [{ name, allowed: allowedByPolicy(policy, 'openssl'), conversion }] : []
  })
  return [...strings, ...policies]
}

function drawPolicies(): readonly (readonly [string, Policy])[] {
  const random = new Random(SEED)
  const drawn = Array.from({ length: POLICIES }, () => drawPolicy(random))
  return [
    ...SHIPPED.map((name) => [name, shippedPolicy(name).policy] as const),
    ...drawn.map((text) => [text, parsePolicy('P', [{ name: 'P.pol', text }]).policy] as const),
  ]
}

/** Random policies of an application, in force on hosts with random system policies. */
import { expect } from 'vitest'
import type { AllowedTls } from '../../../src/algorithms/allowed-tls.ts'
import {
  type LayeredPolicy,
  layerApplication,
  parseApplication,
} from '../../../src/policy/application/application-policy.ts'
import { parsePolicy } from '../../../src/policy/policy.ts'
import { Host } from '../../cli/host.ts'
import type { Random } from '../../fuzz/random.ts'
import { drawPolicy, drawRestrictions } from './draw-policies.ts'

/** `npm run soak:applications` sets more. */
export const COUNT = Number(process.env.LIVE_APPLICATIONS ?? 2)

/** A policy in force for one application, and what was warned of. */
export type Case = {
  readonly name: string
  readonly host: Host
  readonly policy: LayeredPolicy
  readonly warnings: string
}

const BACK_ENDS = ['gnutls', 'openssl', 'nginx', 'node']

export function drawCase(random: Random): Case {
  // Most keys are too short for most of the sizes that are drawn.
  const sizes = random.below(4) > 0 ? 'min_rsa_size = 2048\nmin_dh_size = 2048\n' : ''
  const systemText = drawPolicy(random) + sizes
  const text = `# %back_ends=${BACK_ENDS.join(', ')}\n${drawRestrictions(random)}`
  const host = new Host({ 'policies/P.pol': systemText, 'applications/app.pmod': text })
  const { status, stderr } = host.update(['--set', 'P', '--no-reload'])
  expect(status, stderr).toBe(0)
  const system = parsePolicy('P', [{ name: 'P.pol', text: systemText }]).policy
  const { application } = parseApplication('app', { name: 'app.pmod', text }, BACK_ENDS)
  const policy = layerApplication(system, application)
  return { name: systemText + text, host, policy, warnings: stderr }
}

/** Programs choose the prime for clients that name no group; it has to be large enough. */
export function isOwnPrime(found: string, { minimumKeySizes }: AllowedTls): boolean {
  return Number(/^prime of (\d+) bits/.exec(found)?.[1]) >= minimumKeySizes.dh
}

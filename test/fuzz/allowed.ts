/**
 * Holds what random policies allow of TLS against what GnuTLS lists under the files written for them.
 *
 *     npm run fuzz:allowed -- [--policies 2000] [--seed N]
 *
 * Prints the seed, and each policy for which the two differ.
 */
import { parseArgs } from 'node:util'
import { parsePolicy } from '../../src/policy/policy.ts'
import { drawPolicy } from '../interop/policy/draw-policies.ts'
import { findGnutlsProblems } from '../interop/policy/gnutls-judge.ts'
import { Random } from './random.ts'

const { values } = parseArgs({
  options: { policies: { type: 'string', default: '2000' }, seed: { type: 'string' } },
})

const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed)
console.log(`allowed: ${values.policies} policies, seed ${seed}`)
const random = new Random(seed)
for (let drawn = 0; drawn < Number(values.policies); drawn++) {
  const text = drawPolicy(random)
  const problems = findGnutlsProblems(parsePolicy('P', [{ name: 'P.pol', text }]).policy)
  if (problems.length === 0) continue
  process.exitCode = 1
  console.log(`${text}${problems.map((problem) => `  ${problem}\n`).join('')}`)
}

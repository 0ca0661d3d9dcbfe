/**
 * Holds what random policies allow against what Java offers under the files written for them.
 *
 *     npm run fuzz:java -- [--policies 200] [--seed N] [--root DIR]
 *
 * Fails where Java offers what a policy forbids and no warning says so, and where a warning names what Java does
 * not offer; prints the seed and the policies. `--root` asks the Java of another system, by chroot.
 */
import { drawAnyPolicy, drawPolicy } from '../interop/policy/draw-policies.ts'
import { judgeJava, prepareJava } from '../interop/policy/java-judge.ts'
import { tryPolicies } from './policy-trials.ts'

await tryPolicies(async (place) => {
  const release = await prepareJava(place)
  return {
    title: `Java ${release}`,
    draw: (random, drawn) => (drawn % 2 === 0 ? drawAnyPolicy(random) : drawPolicy(random)),
    judge: async (policy) => ({ ...(await judgeJava(policy, place, release)), missing: [] }),
  }
})

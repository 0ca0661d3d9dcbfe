/**
 * Holds what random policies allow against what NSS offers under the files written for them.
 *
 *     npm run fuzz:nss -- [--policies 200] [--seed N] [--root DIR]
 *
 * Fails where NSS offers what a policy forbids and no warning says so, and where a warning names what NSS does
 * not offer; prints the seed and the policies. `--root` asks the NSS of another system, by chroot.
 */
import { drawAnyPolicy, drawPolicy } from '../interop/policy/draw-policies.ts'
import { judgeNss, nssRelease } from '../interop/policy/nss-judge.ts'
import { tryPolicies } from './policy-trials.ts'

await tryPolicies(async (place) => {
  const release = await nssRelease(place)
  return {
    title: `NSS ${release}`,
    draw: (random, drawn) => (drawn % 2 === 0 ? drawAnyPolicy(random) : drawPolicy(random)),
    judge: async (policy) => ({ ...(await judgeNss(policy, place, release)), missing: [] }),
  }
})

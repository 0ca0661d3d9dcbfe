/**
 * Holds what random policies allow against what OpenSSL offers under the files written for them.
 *
 *     npm run fuzz:openssl -- [--policies 200] [--seed N] [--root DIR]
 *
 * Fails where OpenSSL offers what a policy forbids and no warning says so, and where a warning names
 * what OpenSSL does not offer; prints the seed and the policies. `--root` asks the OpenSSL of another
 * system, by chroot.
 */
import { output } from '../interop/convert/hello-catcher.ts'
import { drawAnyPolicy, drawPolicy } from '../interop/policy/draw-policies.ts'
import { judgeOpenssl } from '../interop/policy/openssl-judge.ts'
import { tryPolicies } from './policy-trials.ts'

let looser = 0

await tryPolicies(async (place) => {
  const release = /OpenSSL (\S+)/.exec(await output(place, ['openssl', 'version']))?.[1] ?? ''
  return {
    title: `OpenSSL ${release}`,
    draw: (random, drawn) => (drawn % 2 === 0 ? drawAnyPolicy(random) : drawPolicy(random)),
    judge: async (policy) => {
      const verdict = await judgeOpenssl(policy, place, release)
      if (verdict.isLooser) looser++
      return verdict
    },
  }
})
console.log(`policies that OpenSSL exceeds, with or without a warning: ${looser}`)

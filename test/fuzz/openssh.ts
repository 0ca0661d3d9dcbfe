/**
 * Holds what random policies allow against what OpenSSH uses under the files written for them.
 *
 *     npm run fuzz:openssh -- [--policies 200] [--seed N] [--root DIR]
 *
 * Fails where ssh or sshd uses what a policy forbids and no warning says so, where a warning names what they
 * do not use, and where they lack what the policy allows; prints the seed and the policies. `--root` asks the
 * OpenSSH of another system, by chroot.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { insidePath, output } from '../interop/convert/hello-catcher.ts'
import { drawSshPolicy } from '../interop/policy/draw-policies.ts'
import { judgeOpenssh, opensshNames } from '../interop/policy/openssh-judge.ts'
import { tryPolicies } from './policy-trials.ts'

await tryPolicies(async (place) => {
  await mkdir(join(place.root ?? '/', 'run', 'sshd'), { recursive: true })
  const key = insidePath(place, 'key')
  await output(place, ['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key])
  const known = await opensshNames(place)
  return {
    title: 'OpenSSH',
    draw: drawSshPolicy,
    judge: (policy) => judgeOpenssh(policy, place, known),
  }
})

/**
 * Holds what random policies allow against what OpenSSH uses under the files written for them.
 *
 *     npm run fuzz:openssh -- [--policies 200] [--seed N] [--root DIR]
 *
 * Fails where ssh or sshd uses what a policy forbids and no warning says so, where a warning names what they
 * do not use, and where they lack what the policy allows; prints the seed and the policies. `--root` asks the
 * OpenSSH of another system, by chroot.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parsePolicy } from '../../src/policy/policy.ts'
import { insidePath, output, type Place } from '../interop/convert/hello-catcher.ts'
import { drawSshPolicy } from '../interop/policy/draw-policies.ts'
import { judgeOpenssh, opensshNames } from '../interop/policy/openssh-judge.ts'
import { Random } from './random.ts'

const { values } = parseArgs({
  options: {
    policies: { type: 'string', default: '200' },
    seed: { type: 'string' },
    root: { type: 'string' },
  },
})

const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed)
const random = new Random(seed)
const folder = await mkdtemp(join(values.root ?? '', tmpdir(), 'openssh-'))
const place: Place = values.root === undefined ? { folder } : { folder, root: values.root }
await mkdir(join(values.root ?? '/', 'run', 'sshd'), { recursive: true })
const key = insidePath(place, 'key')
await output(place, ['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key])
const known = await opensshNames(place)
console.log(`OpenSSH: ${values.policies} policies, seed ${seed}`)

const counts = { unannounced: 0, falseAlarms: 0, missing: 0 }
for (let drawn = 0; drawn < Number(values.policies); drawn++) {
  const text = drawSshPolicy(random)
  const { policy } = parsePolicy('P', [{ name: 'P.pol', text }])
  const verdict = await judgeOpenssh(policy, place, known)
  for (const kind of ['unannounced', 'falseAlarms', 'missing'] as const) {
    if (verdict[kind].length === 0) continue
    counts[kind]++
    console.log(`${text}  ${kind}: ${verdict[kind].join(', ')}\n`)
  }
}
await rm(folder, { recursive: true, force: true })
console.log(JSON.stringify(counts))
if (Object.values(counts).some((count) => count > 0)) process.exitCode = 1

/**
 * Holds what random policies allow against what OpenSSL offers under the files written for them.
 *
 *     npm run fuzz:openssl -- [--policies 200] [--seed N] [--root DIR]
 *
 * Fails where OpenSSL offers what a policy forbids and no warning says so, and where a warning names
 * what OpenSSL does not offer; prints the seed and the policies. `--root` asks the OpenSSL of another
 * system, by chroot.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parsePolicy } from '../../src/policy/policy.ts'
import { output, type Place } from '../interop/convert/hello-catcher.ts'
import { drawAnyPolicy, drawPolicy } from '../interop/policy/draw-policies.ts'
import { judgeOpenssl } from '../interop/policy/openssl-judge.ts'
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
const folder = await mkdtemp(join(values.root ?? '', tmpdir(), 'openssl-'))
const place: Place = values.root === undefined ? { folder } : { folder, root: values.root }
const release = /OpenSSL (\S+)/.exec(await output(place, ['openssl', 'version']))?.[1] ?? ''
console.log(`OpenSSL ${release}: ${values.policies} policies, seed ${seed}`)

const counts = { looser: 0, unannounced: 0, falseAlarms: 0, missing: 0 }
for (let drawn = 0; drawn < Number(values.policies); drawn++) {
  const text = drawn % 2 === 0 ? drawAnyPolicy(random) : drawPolicy(random)
  await judge(text)
}
await rm(folder, { recursive: true, force: true })
console.log(JSON.stringify(counts))
if (counts.unannounced + counts.falseAlarms + counts.missing > 0) process.exitCode = 1

async function judge(text: string): Promise<void> {
  const { policy } = parsePolicy('P', [{ name: 'P.pol', text }])
  const verdict = await judgeOpenssl(policy, place, release)
  if (verdict.isLooser) counts.looser++
  const kinds = ['unannounced', 'falseAlarms', 'missing'] as const
  const found = kinds.flatMap((kind) => {
    if (verdict[kind].length === 0) return []
    counts[kind]++
    return `  ${kind}: ${verdict[kind].join(', ')}`
  })
  if (found.length > 0) console.log(`${text}${found.join('\n')}\n`)
}

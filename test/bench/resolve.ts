/**
 * Times `cryptopolicy resolve @LIBVIRT,SYSTEM` as a whole process, in turn with an empty run of the
 * same Node.js, and prints the ratio. It must stay below 2: services resolve when they start.
 *
 *     npm run bench
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const RUNS = 40
const ROOT = join(import.meta.dirname, '..', '..')
const LAUNCHER = join(ROOT, 'bin', 'cryptopolicy')

const scratch = mkdtempSync(join(tmpdir(), 'cryptopolicy-bench-'))
const config = join(scratch, 'gnutls.config')
cpSync(join(ROOT, 'test', 'golden', 'DEFAULT-gnutls.txt'), config)
const env = {
  ...process.env,
  CRYPTOPOLICY_NODE: process.execPath,
  GNUTLS_SYSTEM_PRIORITY_FILE: config,
}

/** Milliseconds that one run takes. */
function time(program: string, args: readonly string[]): number {
  const start = performance.now()
  const { status } = spawnSync(program, args, { env, stdio: 'ignore' })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} gave ${status}`)
  return performance.now() - start
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

try {
  const ratios: number[] = []
  const ours: number[] = []
  // Both in turn, so that a change of the machine's speed hits both.
  for (let run = 0; run < RUNS; run++) {
    const empty = time(process.execPath, ['-e', '0'])
    const resolve = time(LAUNCHER, ['resolve', '@LIBVIRT,SYSTEM'])
    ours.push(resolve)
    ratios.push(resolve / empty)
  }
  console.log(
    `resolve @LIBVIRT,SYSTEM: median ${median(ours).toFixed(0)} ms, ${median(ratios).toFixed(2)} times an empty node`,
  )
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

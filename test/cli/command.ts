/** Runs our command lines as a user does: through the launchers. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type SpawnSyncReturns, spawnSync } from '../peers/child-process.ts'

export const ROOT = join(import.meta.dirname, '..', '..')

const REDIRECTING = [
  'base_dir',
  'profile_dir',
  'GNUTLS_SYSTEM_PRIORITY_FILE',
  'GNUTLS_SYSTEM_PRIORITY_FAIL_ON_INVALID',
]

export type Outcome = {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export type RunOptions = {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Runs `cryptopolicy` or `update-policies`. */
export function run(
  program: 'cryptopolicy' | 'update-policies',
  args: readonly string[],
  options: RunOptions = {},
): Outcome {
  return runFile(join(ROOT, 'bin', program), args, options)
}

/** Runs any program. */
export function runFile(path: string, args: readonly string[], options: RunOptions = {}): Outcome {
  const result: SpawnSyncReturns<string> = spawnSync(path, args, {
    cwd: options.cwd ?? tmpdir(),
    env: { ...inheritedEnvironment(), ...options.env },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  if (result.error) throw result.error
  return { status: result.status, stdout: result.stdout, stderr: result.stderr }
}

/** The environment of the tests less what would redirect ours. */
export function inheritedEnvironment(): NodeJS.ProcessEnv {
  const inherited = { ...process.env }
  for (const name of REDIRECTING) delete inherited[name]
  return inherited
}

/** A folder that is gone after the test. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cryptopolicy-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Writes files below a folder, making the folders between. */
export function writeFiles(root: string, files: Readonly<Record<string, string | Buffer>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
}

/** Tells running services that the policy has changed, by the script that comes with the policies. */
import { existsSync, statSync } from 'node:fs'
import { runSync } from './consumers/run-sync.ts'
import { type Directories, reloadScript } from './directories.ts'

/** Whether there is anything to run. */
export function hasReloadScript(directories: Directories): boolean {
  return statSync(reloadScript(directories), { throwIfNoEntry: false })?.isFile() ?? false
}

/** Runs the script where there is one. Services that cannot be reloaded are no error. */
export function runReloadScript(directories: Directories): boolean {
  const script = reloadScript(directories)
  if (!hasReloadScript(directories)) return false
  const shell = existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh'
  runSync(shell, [script], { stdio: ['ignore', 2, 2] })
  return true
}

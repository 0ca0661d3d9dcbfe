/** Runs a program and waits for it. Node's module for that is slow to load, so it waits for a use. */
import type { SpawnSyncOptions, SpawnSyncReturns } from 'node:child_process'

/** `spawnSync` of node:child_process, with text for output. */
export function runSync(
  program: string,
  args: readonly string[],
  options: SpawnSyncOptions = {},
): SpawnSyncReturns<string> {
  const { spawnSync } = process.getBuiltinModule('node:child_process')
  return spawnSync(program, args, { ...options, encoding: 'utf8' })
}

/** Block devices that are files, for tests of disks. */
import { onTestFinished } from 'vitest'
import { runFile } from '../cli/command.ts'

/** A block device of a file, where this process may make one. It is gone after the test. */
export function tryLoop(file: string): string | undefined {
  const { status, stdout } = runFile('losetup', ['--find', '--show', file])
  const device = stdout.trim()
  if (status !== 0) return undefined
  onTestFinished(() => void runFile('losetup', ['--detach', device]))
  return device
}

/** What a program waits for until it is on disk, in order. */
import fs, { readlinkSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { onTestFinished } from 'vitest'

/** Notes what the kernel is asked to put on disk: the state of a path at that moment. */
export function noteSyncs(look: (path: string) => string): readonly string[] {
  const noted: string[] = []
  const { fsyncSync } = fs
  const replace = (one: typeof fsyncSync): void => {
    fs.fsyncSync = one
    syncBuiltinESMExports()
  }
  onTestFinished(() => replace(fsyncSync))
  replace((descriptor) => {
    noted.push(look(readlinkSync(`/proc/self/fd/${descriptor}`)))
    fsyncSync(descriptor)
  })
  return noted
}

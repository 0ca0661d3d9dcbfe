/** Files that are written beside their place: whose they are at the end, and what is said where none can be gone on with. */
import {
  chownSync,
  closeSync,
  mkdirSync,
  openSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { PartialFile, type PartialFileOptions } from '../../src/transfer/partial-file.ts'
import { scratchFolder } from '../cli/command.ts'

const OPTIONS: PartialFileOptions = { size: 10, resume: true, present: undefined }

async function reasonAt(prepare: (temporary: string) => void): Promise<string | undefined> {
  const path = join(scratchFolder(), 'disk')
  const temporary = join(path, '..', '.disk.cryptopolicy-partial')
  writeFileSync(`${temporary}.state`, '{}', { mode: 0o600 })
  prepare(temporary)
  const partial = await PartialFile.open(path, OPTIONS)
  await partial.handle.close()
  expect(partial.isResumed).toBe(false)
  return partial.rejected?.reason
}

test('why an unfinished file is not gone on with', async () => {
  expect(await reasonAt(() => {})).toBe('it is not there')
  const loop = (temporary: string) => symlinkSync(temporary, temporary)
  expect(await reasonAt(loop)).toBe('it cannot be opened (ELOOP)')
  const small = (temporary: string) => writeFileSync(temporary, 'small', { mode: 0o600 })
  expect(await reasonAt(small)).toBe('it is no unfinished copy of this size')
})

const isRoot = process.geteuid?.() === 0

test.skipIf(!isRoot).each([
  [1000, 0],
  [0, 1000],
  [1000, 1000],
])('the owner %d and the group %d of what is replaced stay [root]', async (uid, gid) => {
  const folder = join(scratchFolder(), 'folder')
  mkdirSync(folder)
  const path = join(folder, 'disk')
  closeSync(openSync(path, 'w', 0o640))
  chownSync(path, uid, gid)
  const partial = await PartialFile.open(path, { ...OPTIONS, present: statSync(path) })
  expect(await partial.putInPlace(10)).toBe(true)
  await partial.handle.close()
  const { size, mode, ...now } = statSync(path)
  expect([now.uid, now.gid, size, mode & 0o777]).toEqual([uid, gid, 10, 0o640])
})

/** Files that are written beside their place: whose they are at the end, and what is said where none can be gone on with. */
import {
  chmodSync,
  chownSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { PartialFile, type PartialFileOptions } from '../../src/transfer/partial-file.ts'
import { reasonOfOwner } from '../../src/transfer/replaceable.ts'
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

test.each([
  [0o000, 0o644],
  [0o022, 0o644],
  [0o027, 0o640],
  [0o077, 0o600],
])('a new file has what the umask %o leaves of its mode', async (umask, mode) => {
  const path = join(scratchFolder(), 'disk')
  const before = process.umask(umask)
  try {
    const partial = await PartialFile.open(path, OPTIONS)
    expect((await partial.handle.stat()).mode & 0o777).toBe(0o600)
    await partial.putInPlace(10)
    await partial.handle.close()
  } finally {
    process.umask(before)
  }
  expect(statSync(path).mode & 0o777).toBe(mode)
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

test.skipIf(!isRoot)(
  'a user who cannot give a file away is told so, for owner and group [root]',
  () => {
    const folder = scratchFolder()
    chmodSync(folder, 0o777)
    const path = join(folder, 'disk')
    writeFileSync(path, '')
    const reasonFor = (uid: number, gid: number) => {
      chownSync(path, uid, gid)
      process.seteuid?.(NOBODY)
      try {
        return reasonOfOwner(path, statSync(path))
      } finally {
        process.seteuid?.(0)
      }
    }
    const own = process.getegid?.() ?? 0
    expect(reasonFor(NOBODY, own)).toBeUndefined()
    const reason = 'a new file cannot get its owner and group'
    expect([reasonFor(NOBODY, 1234), reasonFor(1234, own)]).toEqual([reason, reason])
    expect(readdirSync(folder)).toEqual(['disk'])
  },
)

const NOBODY = 65_534

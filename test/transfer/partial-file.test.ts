/** Files that are written beside their place: whose they are at the end, and what is said where none can be gone on with. */
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { loadLibc } from '../../src/files/libc.ts'
import { PartialFile, type PartialFileOptions } from '../../src/transfer/partial-file.ts'
import {
  placeOfDanglingLink,
  reasonInPlace,
  reasonOfOwner,
} from '../../src/transfer/replaceable.ts'
import { scratchFolder } from '../cli/command.ts'
import { refusal } from '../diagnostic-code.ts'
import { openFilesBelow } from '../files/open-files.ts'

const OPTIONS: PartialFileOptions = { size: 10, resume: true, present: undefined }

type Scene = {
  readonly folder: string
  readonly path: string
  /** Where it is written until it is whole. */
  readonly temporary: string
  readonly state: string
}

function scene(): Scene {
  const folder = scratchFolder()
  const temporary = join(folder, '.disk.cryptopolicy-partial')
  return { folder, path: join(folder, 'disk'), temporary, state: `${temporary}.state` }
}

/** Opens a file that is closed after the test. */
async function open(path: string, options: Partial<PartialFileOptions> = {}): Promise<PartialFile> {
  const partial = await PartialFile.open(path, { ...OPTIONS, ...options })
  onTestFinished(() => partial.handle.close().catch(() => {}))
  return partial
}

/** What a run leaves that is killed when five bytes are written. */
async function leaveUnfinished({ path, state }: Scene): Promise<string> {
  const { handle, token } = await PartialFile.open(path, OPTIONS)
  await handle.write('hello', 0)
  await handle.close()
  writeFileSync(state, '{}', { mode: 0o600 })
  return token
}

const TRAILER = /^cryptopolicy-partial ([0-9a-f]{32})$/

describe('a new file', () => {
  test('has its size, and behind it a value that is another each time', async () => {
    const { path, temporary, folder } = scene()
    const tokens = new Set<string>()
    for (let count = 0; count < 2; count++) {
      const partial = await PartialFile.open(path, OPTIONS)
      await partial.handle.close()
      const text = readFileSync(temporary, 'latin1')
      expect(text.slice(0, 10)).toBe('\0'.repeat(10))
      expect(TRAILER.exec(text.slice(10))?.[1]).toBe(partial.token)
      expect([partial.isResumed, partial.rejected]).toEqual([false, undefined])
      expect([partial.temporaryPath, partial.statePath]).toEqual([temporary, `${temporary}.state`])
      tokens.add(partial.token)
    }
    expect(tokens.size).toBe(2)
    expect(readdirSync(folder)).toEqual(['.disk.cryptopolicy-partial'])
    expect(openFilesBelow(folder)).toEqual([])
  })

  test('of a size that is not known is empty, and never gone on with', async () => {
    const one = scene()
    const token = await leaveUnfinished(one)
    const partial = await open(one.path, { size: undefined })
    expect([partial.isResumed, partial.rejected]).toEqual([false, undefined])
    expect(partial.token).not.toBe(token)
    expect(statSync(one.temporary).size).toBe(0)
    expect(existsSync(one.state)).toBe(false)
  })

  test('takes the place of an unfinished one where that is asked for', async () => {
    const one = scene()
    const token = await leaveUnfinished(one)
    const partial = await open(one.path, { resume: false })
    expect([partial.isResumed, partial.rejected]).toEqual([false, undefined])
    expect(partial.token).not.toBe(token)
    expect(existsSync(one.state)).toBe(false)
    expect(openFilesBelow(one.folder)).toEqual([one.temporary])
  })

  test.each(['temporary', 'state'] as const)(
    'is not made where a folder has the name of its %s',
    async (name) => {
      const one = scene()
      mkdirSync(one[name])
      const opening = PartialFile.open(one.path, OPTIONS)
      await expect(opening).rejects.toMatchObject({ syscall: 'unlink', path: one[name] })
      expect(openFilesBelow(one.folder)).toEqual([])
    },
  )
})

describe('an unfinished file of an earlier run', () => {
  test('is gone on with, with what it has', async () => {
    const one = scene()
    const token = await leaveUnfinished(one)
    const partial = await open(one.path)
    expect(partial).toMatchObject({ isResumed: true, token, rejected: undefined })
    expect(readFileSync(one.temporary, 'latin1').slice(0, 5)).toBe('hello')
    expect(existsSync(one.state)).toBe(true)
    await partial.handle.write('HELLO', 0)
    expect(await partial.putInPlace(10)).toBe(true)
    expect(readFileSync(one.path, 'latin1')).toBe('HELLO\0\0\0\0\0')
  })

  test('whose state is elsewhere is gone on with by that state', async () => {
    const one = scene()
    const token = await leaveUnfinished(one)
    const statePath = join(one.folder, 'elsewhere')
    renameSync(one.state, statePath)
    const partial = await open(one.path, { statePath })
    expect(partial).toMatchObject({ isResumed: true, token, statePath })
  })

  test('without a state is no more than its name, and nothing is said of it', async () => {
    const one = scene()
    const token = await leaveUnfinished(one)
    unlinkSync(one.state)
    const partial = await open(one.path)
    expect([partial.isResumed, partial.rejected]).toEqual([false, undefined])
    expect(partial.token).not.toBe(token)
  })

  const OTHERS = 'other users may write to it'
  const SIZE = 'it is no unfinished copy of this size'

  test.each<[string, 'temporary' | 'state', string, (one: Scene) => void]>([
    ['that others may write', 'temporary', OTHERS, (one) => chmodSync(one.temporary, 0o606)],
    ['whose state others may write', 'state', OTHERS, (one) => chmodSync(one.state, 0o660)],
    [
      'with a second name',
      'temporary',
      'it has more than one name',
      (one) => linkSync(one.temporary, `${one.temporary}.other`),
    ],
    [
      'that is longer',
      'temporary',
      SIZE,
      (one) => writeFileSync(one.temporary, 'x', { flag: 'a' }),
    ],
    [
      'of this length without the mark',
      'temporary',
      SIZE,
      (one) => writeFileSync(one.temporary, Buffer.alloc(statSync(one.temporary).size, 'x')),
    ],
  ])('%s is not believed, and closed', async (_, name, reason, spoil) => {
    const one = scene()
    const token = await leaveUnfinished(one)
    spoil(one)
    const partial = await open(one.path)
    expect(partial.rejected).toEqual({ path: one[name], reason })
    expect(partial.isResumed).toBe(false)
    expect(partial.token).not.toBe(token)
    expect(openFilesBelow(one.folder)).toEqual([one.temporary])
    expect(statSync(one.temporary)).toMatchObject({ nlink: 1, size: 10 + 53 })
  })

  test.each([9, 11, 63])('of 10 bytes is none of %d', async (size) => {
    const one = scene()
    await leaveUnfinished(one)
    const partial = await open(one.path, { size })
    expect(partial.rejected).toEqual({ path: one.temporary, reason: SIZE })
  })
})

describe('a file that another run writes', () => {
  test.each([
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ])('is left to it (state: %s, resume: %s)', async (hasState, resume) => {
    const one = scene()
    const partial = await open(one.path)
    if (hasState) writeFileSync(one.state, '{}', { mode: 0o600 })
    const { ino } = statSync(one.temporary)
    const opening = PartialFile.open(one.path, { ...OPTIONS, resume })
    await expect(opening).rejects.toThrow(refusal('FILE_IN_USE'))
    expect(statSync(one.temporary).ino).toBe(ino)
    expect(existsSync(one.state)).toBe(hasState)
    // That of the first run.
    expect(openFilesBelow(one.folder)).toEqual([one.temporary])
    await partial.handle.close()
    expect((await open(one.path)).isResumed).toBe(hasState)
  })

  test('is not one that a stranger may have put there and locked', async () => {
    const one = scene()
    writeFileSync(one.temporary, 'of a stranger', { mode: 0o666 })
    chmodSync(one.temporary, 0o666)
    const descriptor = openSync(one.temporary, 'r')
    onTestFinished(() => closeSync(descriptor))
    expect(loadLibc()?.lock(descriptor)).toBe(true)
    expect((await open(one.path)).isResumed).toBe(false)
    expect(openFilesBelow(one.temporary)).toEqual([one.temporary])
  })
})

describe('the file in its place', () => {
  test.each([
    ['is its owner’s to change alone', 0o4755, undefined, 0o755],
    ['has the mode of the one before', 0o604, undefined, 0o604],
    ['has the mode that is asked for', 0o604, 0o640, 0o640],
  ])('%s', async (_, before, mode, after) => {
    const { path, folder } = scene()
    writeFileSync(path, 'old')
    chmodSync(path, before)
    const asked = mode === undefined ? {} : { mode }
    const partial = await open(path, { present: statSync(path), ...asked })
    const done: string[] = []
    expect(await partial.putInPlace(4, () => void done.push(readFileSync(path, 'utf8')))).toBe(true)
    // What is done just before finds the old one there.
    expect(done).toEqual(['old'])
    expect(readFileSync(path, 'utf8')).toBe('\0\0\0\0')
    expect(statSync(path).mode & 0o7777).toBe(after)
    expect(readdirSync(folder)).toEqual(['disk'])
  })

  test('is not that of another program, which has taken its name meanwhile', async () => {
    const { path, temporary } = scene()
    writeFileSync(path, 'old')
    const partial = await open(path, { present: statSync(path) })
    unlinkSync(temporary)
    writeFileSync(temporary, 'of another')
    let isPrepared = false
    const prepare = () => {
      isPrepared = true
    }
    expect(await partial.putInPlace(4, prepare)).toBe(false)
    expect(isPrepared).toBe(false)
    expect([path, temporary].map((one) => readFileSync(one, 'utf8'))).toEqual(['old', 'of another'])
  })
})

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

test('a file cannot be replaced that has other names, or where no file can be made', () => {
  const path = join(scratchFolder(), 'disk')
  writeFileSync(path, '')
  const stats = statSync(path)
  expect(reasonInPlace(path, stats)).toBeUndefined()
  const closed = join(path, '..', 'not there', 'disk')
  expect(reasonInPlace(closed, stats)).toBe('no file can be made in its folder')
  linkSync(path, `${path}.other`)
  expect(reasonInPlace(path, statSync(path))).toBe('it has more than one name (hard links)')
})

test('a file that is opened through links to nothing is made where the kernel makes it', () => {
  const folder = scratchFolder()
  mkdirSync(join(folder, 'inner'))
  const last = join(folder, 'inner', 'new')
  const name = (count: number) => join(folder, `link${count}`)
  symlinkSync('inner/new', name(1))
  for (let count = 2; count <= 40; count++) symlinkSync(`link${count - 1}`, name(count))
  expect([last, name(1), name(2), name(40)].map(placeOfDanglingLink)).toEqual(Array(4).fill(last))
  writeFileSync(name(40), 'by the kernel')
  expect(readFileSync(last, 'utf8')).toBe('by the kernel')
  symlinkSync('loop', join(folder, 'loop'))
  expect(placeOfDanglingLink(join(folder, 'loop'))).toBe(join(folder, 'loop'))
})

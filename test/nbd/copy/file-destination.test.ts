/** Files and devices that are copied to: where the bytes go, what they have after zeroes were asked for. */
import {
  linkSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Diagnostic } from '../../../src/diagnostics/diagnostic.ts'
import {
  type FileDestinationOptions,
  openFileDestination,
} from '../../../src/nbd/copy/file-destination.ts'
import { openFileSource } from '../../../src/nbd/copy/file-source.ts'
import { scratchFolder } from '../../cli/command.ts'
import { refusal } from '../../diagnostic-code.ts'
import { openFilesBelow } from '../../files/open-files.ts'
import { tryLoop } from '../loop-device.ts'

const SIZE = 1 << 20

test.each([
  [100, 50],
  [0x4_0000 - 1, 2],
  [4096, 0x4_0000],
  [1, 3 * 0x4_0000 + 7],
])('zeroes at %s, %s of them, and nothing beside them', async (offset, length) => {
  const folder = scratchFolder()
  const [path, statePath] = [join(folder, 'disk'), join(folder, 'state')]
  writeFileSync(path, Buffer.alloc(SIZE, 0xff))
  // A second name is why it is written in place, and a state why it keeps what it has.
  linkSync(path, join(folder, 'second'))
  writeFileSync(statePath, '')
  const destination = await openFileDestination(path, { size: SIZE, resume: true, statePath })
  await destination.zero(offset, length)
  await destination.close()
  const expected = Buffer.alloc(SIZE, 0xff).fill(0, offset, offset + length)
  expect(readFileSync(path).equals(expected)).toBe(true)
})

test('zeroes behind zeroes end where they were asked to end, and holes stay holes', async () => {
  const folder = scratchFolder()
  const [path, statePath] = [join(folder, 'disk'), join(folder, 'state')]
  writeFileSync(path, '')
  truncateSync(path, 0x8_0000)
  linkSync(path, join(folder, 'second'))
  writeFileSync(statePath, '')
  // Its size is not known: what it has is kept all the same.
  const destination = await open(path, { size: undefined, statePath })
  const ones = Buffer.alloc(0x2_0000, 0xff)
  await destination.write(0x1_0000, ones)
  await destination.zero(0, 0x2_0000)
  expect(statSync(path).blocks * 512).toBeLessThanOrEqual(0x2_0000)
  const expected = Buffer.alloc(0x8_0000).fill(0xff, 0x2_0000, 0x3_0000)
  expect(readFileSync(path).equals(expected)).toBe(true)
})

test.each([
  ['without a state', undefined],
  ['whose state is not there', 'nowhere'],
])('a file in place, %s, begins anew, whatever is asked', async (_, state) => {
  const folder = scratchFolder()
  const path = join(folder, 'disk')
  writeFileSync(path, Buffer.alloc(SIZE, 0xff))
  linkSync(path, join(folder, 'second'))
  const statePath = state === undefined ? {} : { statePath: join(folder, state) }
  const destination = await openFileDestination(path, { size: SIZE, resume: true, ...statePath })
  await destination.close()
  expect(destination.isZero).toBe(true)
  expect(readFileSync(path).equals(Buffer.alloc(SIZE))).toBe(true)
})

/** Opens a destination that is closed after the test. */
async function open(path: string, options: Partial<FileDestinationOptions> = {}) {
  const destination = await openFileDestination(path, { size: SIZE, resume: true, ...options })
  onTestFinished(() => destination.close().catch(() => {}))
  return destination
}

test('a file in place begins anew where that is asked for, although there is a state', async () => {
  const folder = scratchFolder()
  const [path, statePath] = [join(folder, 'disk'), join(folder, 'state')]
  writeFileSync(path, Buffer.alloc(SIZE, 0xff))
  linkSync(path, join(folder, 'second'))
  writeFileSync(statePath, '')
  const warnings: Diagnostic[] = []
  const warn = (warning: Diagnostic) => void warnings.push(warning)
  const kept = await open(path, { statePath, warn })
  expect([kept.isZero, kept.statePath]).toEqual([false, statePath])
  expect(warnings).toMatchObject([{ code: 'NBD_COPY_IN_PLACE' }])
  expect((await open(path, { statePath, resume: false })).isZero).toBe(true)
  expect(readFileSync(path).equals(Buffer.alloc(SIZE))).toBe(true)
  expect((await open(path)).identity).toBe(kept.identity)
})

test.each([
  ['that is known', 10],
  ['that is not known', undefined],
])('a file of a size %s is as long as what was copied', async (_, size) => {
  const folder = scratchFolder()
  const [path, other] = [join(folder, 'disk'), join(folder, 'in place')]
  writeFileSync(other, 'a longer text than before')
  linkSync(other, join(folder, 'second'))
  for (const one of [path, other]) {
    const destination = await open(one, { size })
    await destination.write(2, Buffer.from('data'))
    await destination.flush()
    await destination.finish(7)
    await destination.close()
    expect(readFileSync(one, 'utf8')).toBe('\0\0data\0')
  }
})

test('a file is written where links lead, and the links stay', async () => {
  const folder = scratchFolder()
  const link = (name: string) => join(folder, `link to ${name}`)
  writeFileSync(join(folder, 'old'), 'old', { mode: 0o640 })
  for (const name of ['old', 'new']) {
    symlinkSync(name, link(name))
    const destination = await open(link(name), { size: 3 })
    await destination.write(0, Buffer.from('abc'))
    expect(destination.isZero).toBe(true)
    await destination.finish(3)
    await destination.close()
    expect(readFileSync(join(folder, name), 'utf8')).toBe('abc')
    expect(lstatSync(join(folder, name)).isFile()).toBe(true)
    expect(readlinkSync(link(name))).toBe(name)
  }
  expect(statSync(join(folder, 'old')).mode & 0o777).toBe(0o640)
  expect(readdirSync(folder).toSorted()).toEqual(['link to new', 'link to old', 'new', 'old'])
})

test('a file is read back to the byte, and not beyond its end', async () => {
  const destination = await open(join(scratchFolder(), 'disk'), { size: 10 })
  expect(destination).toMatchObject({ alignment: 1, parallel: 4 })
  await destination.write(0, Buffer.from('0123456789'))
  const bytes = Buffer.alloc(4)
  await destination.read?.(6, bytes)
  expect(`${bytes}`).toBe('6789')
  await destination.finish(10)
  await expect(destination.read?.(7, bytes)).rejects.toThrow('it ends at byte 10')
})

describe('a block device [losetup]', () => {
  test('is written, zeroed and read back in its own bytes alone', async (context) => {
    const file = join(scratchFolder(), 'disk')
    writeFileSync(file, Buffer.alloc(2 * SIZE, 0xff))
    const device = tryLoop(file)
    if (device === undefined) return context.skip('loop devices are not permitted')
    const statePath = join(scratchFolder(), 'state')
    const destination = await open(device, { size: 2 * SIZE, statePath })
    expect(destination).toMatchObject({ capacity: 2 * SIZE, isZero: false, statePath })
    expect(destination.identity).toBe(`device ${statSync(device).rdev}`)
    const expected = Buffer.alloc(2 * SIZE, 0xff)
    for (const [offset, length] of [
      [512, 100],
      [4096, 600_000],
      [2 * SIZE - 0x4_0000, 0x4_0000],
    ] as const) {
      await destination.zero(offset, length)
      expected.fill(0, offset, offset + length)
    }
    await destination.write(5, Buffer.from('data'))
    expected.write('data', 5)
    await destination.flush()
    await destination.finish(SIZE)
    const found = Buffer.alloc(2 * SIZE)
    await destination.read?.(0, found)
    expect(found.equals(expected)).toBe(true)
    await destination.close()
    expect(readFileSync(device).equals(expected)).toBe(true)
  })

  test('is refused where it is smaller, or in use', async (context) => {
    const file = join(scratchFolder(), 'disk')
    writeFileSync(file, Buffer.alloc(SIZE))
    const device = tryLoop(file)
    if (device === undefined) return context.skip('loop devices are not permitted')
    const opening = openFileDestination(device, { size: SIZE + 1, resume: true })
    await expect(opening).rejects.toThrow(refusal('NBD_COPY_TOO_SMALL'))
    await open(device, { size: SIZE })
    const second = openFileDestination(device, { size: undefined, resume: true })
    await expect(second).rejects.toThrow(refusal('NBD_COPY_UNWRITABLE'))
    expect(openFilesBelow(device)).toEqual([device])
  })

  test('is a source of its size', async (context) => {
    const file = join(scratchFolder(), 'disk')
    writeFileSync(file, Buffer.alloc(SIZE, 'data '))
    const device = tryLoop(file)
    if (device === undefined) return context.skip('loop devices are not permitted')
    const source = await openFileSource(device)
    expect(source).toMatchObject({ size: SIZE, alignment: 1, parallel: 4 })
    const bytes = Buffer.alloc(4)
    await source.read(SIZE - 4, bytes)
    expect(bytes.equals(readFileSync(file).subarray(-4))).toBe(true)
    await source.close()
    expect(openFilesBelow(device)).toEqual([])
  })
})

/** What a file that is written in place has after zeroes were asked for. */
import { linkSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openFileDestination } from '../../../src/nbd/copy/file-destination.ts'
import { scratchFolder } from '../../cli/command.ts'

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

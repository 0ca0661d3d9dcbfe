/** Copies between files of this host, without another process: what is left, read back and refused. */
import {
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Diagnostic } from '../../../src/diagnostics/diagnostic.ts'
import { type CopyOptions, copyDisk } from '../../../src/nbd/copy/copy.ts'
import { copyEnds } from '../../../src/nbd/copy/copy-ends.ts'
import { openFileDestination } from '../../../src/nbd/copy/file-destination.ts'
import { openFileSource } from '../../../src/nbd/copy/file-source.ts'
import { openStreamDestination, openStreamSource } from '../../../src/nbd/copy/stream-ends.ts'
import { scratchFolder } from '../../cli/command.ts'
import { refusal } from '../../diagnostic-code.ts'

const MEBIBYTE = 1_048_576

/** Data at both ends, zeroes between, and an end that is on no block. */
const CONTENT = Buffer.concat([
  Buffer.alloc(MEBIBYTE, 'first '),
  Buffer.alloc(8 * MEBIBYTE),
  Buffer.from('the end'),
])

function scene(content = CONTENT) {
  const folder = scratchFolder()
  const [from, to] = [join(folder, 'from.raw'), join(folder, 'to.raw')]
  writeFileSync(from, content)
  return { folder, from, to }
}

type Steps = CopyOptions & {
  /** Done when both ends are open and nothing is copied. */
  readonly before?: () => unknown
}

async function copy(from: string, to: string, { before, ...options }: Steps = {}) {
  const source = await openFileSource(from)
  const { size } = source
  const { resume = true, warn = () => {} } = options
  const opening = openFileDestination(to, { size, resume, warn })
  const destination = await opening.catch(async (error) => {
    await source.close()
    throw error
  })
  try {
    await before?.()
    return await copyDisk(source, destination, options)
  } finally {
    await source.close()
    await destination.close()
  }
}

test('a copy is whole, has holes where there are zeroes, and leaves nothing beside it', async () => {
  const { folder, from, to } = scene()
  const result = await copy(from, to, { verify: true })
  expect(result).toEqual({
    size: CONTENT.length,
    data: MEBIBYTE + 7,
    zeroes: 8 * MEBIBYTE,
    resumed: 0,
    isVerified: true,
  })
  expect(readFileSync(to).equals(CONTENT)).toBe(true)
  expect(statSync(to).blocks * 512).toBeLessThan(2 * MEBIBYTE)
  expect(readdirSync(folder)).toEqual(['from.raw', 'to.raw'])
})

test('zeroes take the place of what stood in a file that is written in place', async () => {
  const { folder, from, to } = scene()
  writeFileSync(to, Buffer.alloc(10 * MEBIBYTE, 'old '))
  linkSync(to, join(folder, 'second.raw'))
  const warnings: Diagnostic[] = []
  await copy(from, to, { warn: (warning) => warnings.push(warning) })
  expect(warnings.map(({ code }) => code)).toEqual(['NBD_COPY_IN_PLACE'])
  expect(readFileSync(join(folder, 'second.raw')).equals(CONTENT)).toBe(true)
})

test('progress is told in bytes up to the whole, and again where it is read back', async () => {
  const { from, to } = scene()
  const told: { phase: string; done: number; total: number }[] = []
  await copy(from, to, { verify: true, onProgress: (progress) => told.push(progress) })
  for (const phase of ['copy', 'verify']) {
    const steps = told.filter((one) => one.phase === phase)
    expect(steps.at(-1)).toEqual({ phase, done: CONTENT.length, total: CONTENT.length })
    expect(steps.map(({ done }) => done)).toEqual(
      steps.map(({ done }) => done).toSorted((a, b) => a - b),
    )
  }
})

describe('a copy that was interrupted', () => {
  /** Cut when the first piece is done. */
  const interrupt = async (from: string, to: string): Promise<void> => {
    const cut = new AbortController()
    const onProgress = () => cut.abort()
    const copying = copy(from, to, { signal: cut.signal, onProgress })
    await expect(copying).rejects.toThrow(refusal('NBD_COPY_INTERRUPTED'))
    const hint = 'the same command goes on where it stopped'
    await expect(copying).rejects.toMatchObject({ diagnostics: [{ hint }] })
  }

  const LONG = Buffer.alloc(64 * MEBIBYTE, 'data ')

  test('is gone on with, and nothing of the unfinished file has its name', async () => {
    const { from, to } = scene(LONG)
    await interrupt(from, to)
    expect(existsSync(to)).toBe(false)
    const { data, resumed } = await copy(from, to)
    expect(resumed).toBeGreaterThan(0)
    expect(data + resumed).toBe(LONG.length)
    expect(readFileSync(to).equals(LONG)).toBe(true)
  })

  test('is begun anew where the source is another now, and where that is asked for', async () => {
    const { from, to } = scene(LONG)
    await interrupt(from, to)
    const other = Buffer.alloc(LONG.length, 'other ')
    renameSync(from, `${from}.old`)
    writeFileSync(from, other)
    const warnings: Diagnostic[] = []
    const { resumed } = await copy(from, to, { warn: (warning) => warnings.push(warning) })
    expect([resumed, warnings.map(({ code }) => code)]).toEqual([0, ['NBD_COPY_STARTED_ANEW']])
    expect(readFileSync(to).equals(other)).toBe(true)
    await interrupt(from, to)
    expect((await copy(from, to, { resume: false })).resumed).toBe(0)
  })
})

describe('ends without a copy', () => {
  const partial = (to: string) => join(to, '..', '.to.raw.cryptopolicy-partial')

  test('a source that becomes shorter', async () => {
    const { from, to } = scene()
    const before = () => truncateSync(from, 1000)
    await expect(copy(from, to, { before })).rejects.toThrow(refusal('NBD_COPY_UNREADABLE'))
    expect(existsSync(to)).toBe(false)
  })

  test('a place that another copy writes to, which is not disturbed', async () => {
    const { from, to } = scene()
    const refused: unknown[] = []
    const before = async () => {
      for (const resume of [false, true]) {
        refused.push(await copy(from, to, { resume }).catch((error: unknown) => error))
      }
    }
    await copy(from, to, { before })
    expect(refused).toEqual([refusal('FILE_IN_USE'), refusal('FILE_IN_USE')])
    expect(readFileSync(to).equals(CONTENT)).toBe(true)
  })

  test('an unfinished file that another program has replaced', async () => {
    const { from, to } = scene()
    writeFileSync(to, 'old')
    const before = () => {
      unlinkSync(partial(to))
      writeFileSync(partial(to), 'of another program')
    }
    await expect(copy(from, to, { before })).rejects.toThrow(refusal('NBD_COPY_REPLACED'))
    expect(readFileSync(to, 'utf8')).toBe('old')
    expect(readFileSync(partial(to), 'utf8')).toBe('of another program')
  })

  test('a copy that differs when it is read back', async () => {
    const { from, to } = scene()
    let copied = 0
    const onProgress = ({ phase, done }: { phase: string; done: number }) => {
      if (phase !== 'copy') return
      copied = done
      // The last byte changes in the source when all is copied.
      if (done === CONTENT.length) writeFileSync(from, 'E', { flag: 'r+' })
    }
    const work = copy(from, to, { verify: true, onProgress })
    await expect(work).rejects.toThrow(refusal('NBD_COPY_DIFFERENT'))
    expect(copied).toBe(CONTENT.length)
    expect(existsSync(to)).toBe(false)
    // Such a copy is not gone on with.
    expect((await copy(from, to)).resumed).toBe(0)
  })

  test('a stream that is to be read back', async () => {
    const { from, folder } = scene()
    const source = await openFileSource(from)
    const out = join(folder, 'stream.raw')
    writeFileSync(out, '')
    const destination = openStreamDestination(out)
    const work = copyEnds(source, destination, { verify: true })
    await expect(work).rejects.toThrow(refusal('NBD_COPY_UNVERIFIABLE'))
    expect(statSync(out).size).toBe(0)
    await source.close()
    await destination.close()
  })

  test('a stream that cannot be read', async () => {
    const { folder, to } = scene()
    // A folder opens, and reads of it fail.
    const source = openStreamSource(folder)
    const destination = await openFileDestination(to, { size: undefined, resume: false })
    await expect(copyEnds(source, destination, {})).rejects.toThrow(refusal('NBD_COPY_UNREADABLE'))
    await destination.close()
  })
})

/** The commands on live migration, as a user runs them. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { EXPECTED, readRecorded, recordedOf, STREAMS } from '../migration/recorded-streams.ts'
import { spawn, spawnSync } from '../peers/child-process.ts'
import { ROOT, scratchFolder } from './command.ts'
import { runInProcess, serveInProcess } from './in-process.ts'
import { parseEnvelope, resultOf } from './json-output.ts'

function inspect(...args: readonly string[]) {
  return runInProcess(['migrate', 'inspect', ...args])
}

const SMALL = 'exec-11-pc-q35-11.1-S.bin.gz'

test.each([false, true])(
  'receive tells of a stranger; quiet (%s), of nothing else',
  async (isQuiet) => {
    const receiver = await serveInProcess([
      ...['migrate', 'receive', '--listen', 'tcp:127.0.0.1:0', join(scratchFolder(), 'guest')],
      ...(isQuiet ? ['--quiet'] : []),
    ])
    const port = Number(/^ready: \S+:(\d+) /m.exec(receiver.log())?.[1])
    const stranger = connect(port, '127.0.0.1').on('error', () => {})
    onTestFinished(() => void stranger.destroy())
    stranger.end('GET / HTTP/1.1\r\n\r\n')
    const log = await receiver.says('MIGRATION_CHANNEL_REFUSED')
    expect(log.includes(': connected')).toBe(!isQuiet)
  },
)

describe('a result is as its schema has it', () => {
  const folder = 'tcp-7.2-postcopy-preempt-guest'
  test.each([
    'file-11-mapped-ram.bin.gz',
    'exec-10-ignore-shared.bin.gz',
    'tcp-7.2-multifd2-zlib-S',
    folder,
    ...['fwd', 'rev'].map((direction) => `${folder}/conn.c0.${direction}.gz`),
    'tcp-7.2-multifd2-zlib-S/conn.c1.fwd.gz',
    `${folder}/conn.c1.fwd.gz`,
  ])('%s', async (name) => {
    const { file, sha256, memory } = resultOf((await inspect('--json', join(STREAMS, name))).stdout)
    expect(file.startsWith(join(STREAMS, name))).toBe(true)
    expect(memory).toBeNull()
    if (EXPECTED[name]) expect(sha256).toBe(EXPECTED[name].sha256)
  })

  test('two migrations', async () => {
    const [first = '', second = ''] = recordedOf('main').map((name) => join(STREAMS, name))
    const { status, stdout } = await inspect('--json', first, second)
    expect(resultOf(stdout)).toMatchObject({ first, second, isTaken: status === 0 })
  })

  test('with the memory of the guest', async () => {
    const out = join(scratchFolder(), 'memory')
    const { stdout } = await inspect('--json', '--ram', join(STREAMS, SMALL), '--out', out)
    const { memory } = resultOf(stdout)
    expect(memory.folder).toBe(out)
    expect(memory.blocks).toContainEqual({ block: 'pc.bios', file: 'pc.bios', size: 65_536 })
    expect(existsSync(join(out, 'pc.bios'))).toBe(true)
  })
})

test('standard input is read as a file is, packed or not', async () => {
  const program = join(ROOT, 'bin', 'cryptopolicy')
  const { sha256 } = EXPECTED[SMALL]
  for (const input of [readRecorded(SMALL), readFileSync(join(STREAMS, SMALL))]) {
    const args = ['migrate', 'inspect', '-', '--json']
    const { stdout } = spawnSync(program, args, { input, encoding: 'utf8' })
    expect(resultOf(stdout)).toMatchObject({ file: '-', complete: true, sha256 })
  }
})

test('a stream that is cut is shown as far as it goes, as not complete, with an error', async () => {
  const file = join(scratchFolder(), 'cut')
  writeFileSync(file, readRecorded(SMALL).subarray(0, 52_000))
  const { status, stdout, stderr } = await inspect(file)
  expect(status).toBe(65)
  expect(stdout).toMatch(/^complete: +no$/m)
  expect(stderr).toMatch(
    /^error\[MIGRATION_STREAM_CUT\]: .*: byte 52000, section .*: the stream is cut/,
  )
  const envelope = parseEnvelope((await inspect('--json', file)).stdout)
  expect(envelope.result).toBeNull()
  expect(envelope.diagnostics[0]).toMatchObject({
    code: 'MIGRATION_STREAM_CUT',
    data: { file, offset: 52_000, section: 'section 0000:00:1f.0/ICH9LPC' },
  })
})

test('a signal ends the rebuilding of memory, and nothing of it is left', async () => {
  const folder = scratchFolder()
  const args = ['migrate', 'inspect', '--ram', '-', '--out', join(folder, 'memory')]
  const child = spawn(join(ROOT, 'bin', 'cryptopolicy'), args)
  const stderr = text(child.stderr)
  child.stdin.write(readRecorded(SMALL).subarray(0, 30_000))
  await vi.waitUntil(() => hasMemory(folder), { timeout: 120_000 })
  child.kill('SIGTERM')
  await once(child, 'close')
  expect(await stderr).toMatch(/^error\[MIGRATION_INTERRUPTED\]/)
  expect(readdirSync(folder)).toEqual([])
})

function hasMemory(folder: string): boolean {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).some((path) =>
    path.endsWith('pc.ram'),
  )
}

test('a packed file that is cut or damaged is an error', async () => {
  const file = join(scratchFolder(), 'packed')
  const packed = readFileSync(join(STREAMS, SMALL))
  for (const damaged of [
    packed.subarray(0, 9000),
    Buffer.concat([packed.subarray(0, 9000), packed]),
  ]) {
    writeFileSync(file, damaged)
    const { status, stderr } = await inspect(file)
    expect([status, stderr]).toEqual([65, expect.stringMatching(/^error\[MIGRATION_/)])
  }
})

test('a file that has changed since its digest was written is an error', async () => {
  const file = join(scratchFolder(), 'stream')
  const stream = readRecorded(SMALL)
  writeFileSync(file, stream)
  const digest = createHash('sha256').update(stream).digest('hex')
  writeFileSync(`${file}.sha256`, `${digest}  stream\n`)
  expect((await inspect(file)).status).toBe(0)
  // Within a page of the firmware, where no form of the stream is broken.
  stream.writeUInt8(stream.readUInt8(47_900) ^ 1, 47_900)
  writeFileSync(file, stream)
  expect(await inspect(file)).toMatchObject({
    status: 65,
    stderr: expect.stringContaining('MIGRATION_DIGEST_DIFFERS'),
  })
})

test('a channel that is missing or cut makes its migration incomplete', async () => {
  const folder = scratchFolder()
  const name = 'tcp-11-multifd2-zstd-S'
  const names = ['conn.c0.fwd.gz', 'conn.c1.fwd.gz', 'conn.c2.fwd.gz']
  for (const each of names) copyFileSync(join(STREAMS, name, each), join(folder, each))
  expect((await inspect(folder)).status).toBe(0)
  // Ends between two packets: only the others tell that more was to come.
  const channel = readRecorded(`${name}/conn.c1.fwd.gz`)
  writeFileSync(join(folder, 'conn.c1.fwd.gz'), channel.subarray(0, channel.length - 1344))
  expect(await inspect(folder)).toMatchObject({
    status: 65,
    stderr: expect.stringMatching(
      /MIGRATION_CHANNEL_INCOMPLETE.*expected 3 packets with SYNC, found 2/,
    ),
  })
})

test.each([
  [['--ram', 'x'], '--ram needs --out'],
  [['--out', 'y', 'x'], '--out needs --ram'],
  [['--ram', '--out', 'y', 'x', 'z'], '--ram and a second migration cannot be given together'],
  [['--page-size', '5000', 'x'], 'a page has 1K'],
])('%j is refused', async (args, message) => {
  expect(await inspect(...args)).toMatchObject({
    status: 64,
    stderr: expect.stringContaining(message),
  })
})

test('a page is as large as is said', async () => {
  const file = join(STREAMS, SMALL)
  expect((await inspect('--page-size', '4K', file)).stdout).toMatch(/^complete: +yes$/m)
  expect((await inspect('--page-size', '8K', file)).status).toBe(65)
})

test('what is no migration is an error', async () => {
  const file = join(scratchFolder(), 'file')
  writeFileSync(file, '')
  expect((await inspect(file)).stderr).toMatch(/^error\[MIGRATION_NOT_A_STREAM\]: .*found no bytes/)
  expect(await inspect(`${file}-missing`)).toMatchObject({ status: 66 })
  expect((await inspect(scratchFolder())).stderr).toMatch(/^error\[MIGRATION_NO_MAIN_CHANNEL\]/)
})

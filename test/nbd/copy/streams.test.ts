/** Copies from and to pipes, and with servers that are started for the copy, as nbdcopy makes them. */
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { runFile, scratchFolder } from '../../cli/command.ts'
import { CRYPTOPOLICY } from '../../cli/service-process.ts'
import { execFileSync } from '../../peers/child-process.ts'
import { testWith } from '../../peers/peer.ts'
import { startNbdkit } from '../nbd-servers.ts'

const MIB = 1 << 20

/** Runs a line of bash in which `$copy` is our copy and `$uri` a server. */
function bash(line: string, folder: string, uri = '') {
  const copy = `${CRYPTOPOLICY} nbd copy -q`
  return runFile('bash', ['-o', 'pipefail', '-c', line], { cwd: folder, env: { copy, uri } })
}

testWith(
  'nbdcopy',
  'standard output and standard input carry the bytes that nbdcopy does',
  async () => {
    const folder = scratchFolder()
    const server = await startNbdkit(['pattern', `${3 * MIB + 512}`])
    const { text } = server.uri()
    expect(bash('$copy "$uri" - | cmp - <(nbdcopy "$uri" -)', folder, text).status).toBe(0)
    expect(
      bash('$copy "$uri" - > out.raw; cmp out.raw <(nbdcopy "$uri" -)', folder, text).status,
    ).toBe(0)
    expect(
      bash('$copy "$uri" /dev/null && $copy "$uri" >(cat > pipe.raw)', folder, text).status,
    ).toBe(0)
    expect(readdirSync(folder)).not.toContain('-')
    const data = randomBytes(700_001)
    writeFileSync(join(folder, 'data'), data)
    const ours = await startNbdkit(['memory', '1M'])
    const theirs = await startNbdkit(['memory', '1M'])
    const both = [ours, theirs].map((peer) => peer.uri().text)
    bash('cat data | $copy - "$uri"', folder, both[0])
    bash('cat data | nbdcopy - "$uri"', folder, both[1])
    const kept = both.map((uri) => bash('nbdcopy "$uri" - | sha256sum', folder, uri).stdout)
    expect(kept[0]).toBe(kept[1])
  },
)

testWith('nbdcopy', 'a pipe may be shorter than the export, but not longer', async () => {
  const folder = scratchFolder()
  const { text } = (await startNbdkit(['memory', '64K'])).uri()
  expect(
    bash('printf abc | $copy - "$uri" && nbdcopy "$uri" - >back && head -c 3 back', folder, text),
  ).toEqual({
    status: 0,
    stdout: 'abc',
    stderr: '',
  })
  const long = bash('head -c 100000 /dev/zero | $copy - "$uri"', folder, text)
  expect([long.status, long.stderr]).toEqual([73, expect.stringContaining('SOURCE_TOO_LONG')])
  expect(bash('head -c 100000 /dev/zero | nbdcopy - "$uri"', folder, text).status).toBe(1)
  // Of a file it is known beforehand, and nothing is written.
  writeFileSync(join(folder, 'large'), Buffer.alloc(100_000, 1))
  expect(bash('$copy - "$uri" < large', folder, text).stderr).toContain('NBD_COPY_TOO_SMALL')
  expect(bash('nbdcopy "$uri" - | head -c 1', folder, text).stdout).toBe('\0')
  // What another program has read of it already does not count.
  const rest = '{ dd bs=34464 count=1 of=/dev/null status=none && $copy - "$uri"; } < large'
  expect(bash(rest, folder, text)).toEqual({ status: 0, stdout: '', stderr: '' })
})

testWith('nbdkit', 'a pipe that ends within a block leaves the rest of the block', async () => {
  const folder = scratchFolder()
  const policy = ['blocksize-policy=error', 'blocksize-minimum=4096']
  const args = ['--filter=blocksize-policy', 'data', '1*8192', 'size=64K', ...policy]
  const { text } = (await startNbdkit(args)).uri()
  expect(bash('head -c 5000 /dev/zero | $copy - "$uri"', folder, text).status).toBe(0)
  const after = bash('nbdcopy "$uri" - > after', folder, text)
  expect(after.status).toBe(0)
  const expected = Buffer.alloc(65_536)
  expected.fill(1, 5000, 8192)
  expect(readFileSync(join(folder, 'after')).equals(expected)).toBe(true)
})

testWith('nbdkit', 'so does one that ends within a block far behind the first', async () => {
  const folder = scratchFolder()
  const size = 4 * MIB
  const policy = ['blocksize-policy=error', 'blocksize-minimum=4096']
  const args = ['--filter=blocksize-policy', 'data', `1*${size}`, `size=${size}`, ...policy]
  const { text } = (await startNbdkit(args)).uri()
  const data = randomBytes(3 * MIB + 4096 + 100)
  writeFileSync(join(folder, 'data'), data)
  expect(bash('cat data | $copy - "$uri"', folder, text).status).toBe(0)
  expect(bash('nbdcopy "$uri" - > after', folder, text).status).toBe(0)
  const expected = Buffer.alloc(size, 1)
  data.copy(expected)
  expect(readFileSync(join(folder, 'after')).equals(expected)).toBe(true)
})

testWith('nbdkit', 'what cannot go through a pipe is told in words', async () => {
  const folder = scratchFolder()
  const { text } = (await startNbdkit(['pattern', '4M'])).uri()
  const outcomes = [
    '- >/dev/full',
    '- | true',
    '- --json',
    '- --verify',
    '- --state s',
    '/dev/full',
  ].map((rest) => bash(`$copy "$uri" ${rest}`, folder, text))
  expect(outcomes.map(({ status, stderr }) => [status, /\[(\w+)\]/.exec(stderr)?.[1]])).toEqual([
    [73, 'NBD_COPY_UNWRITABLE'],
    [73, 'NBD_COPY_UNWRITABLE'],
    [64, undefined],
    [64, 'USAGE_CONFLICTING_OPTIONS'],
    [64, 'USAGE_CONFLICTING_OPTIONS'],
    [73, 'NBD_COPY_UNWRITABLE'],
  ])
  expect(readdirSync(folder)).toEqual([])
})

testWith('nbdkit', 'a pipe into a file: holes, and nothing beside it', () => {
  const folder = scratchFolder()
  expect(bash('head -c 3000001 /dev/zero | $copy - zeroes', folder).status).toBe(0)
  expect(statSync(join(folder, 'zeroes'))).toMatchObject({ size: 3_000_001, blocks: 0 })
  expect(readdirSync(folder)).toEqual(['zeroes'])
})

testWith('qemu-nbd', 'commands in brackets are the servers of the copy, and end with it', () => {
  const folder = scratchFolder()
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', 'disk.qcow2', '4M'], { cwd: folder })
  const into = bash('seq 100000 | $copy -- - [ qemu-nbd -f qcow2 disk.qcow2 ]', folder)
  expect([into.status, into.stderr]).toEqual([0, ''])
  const out = bash('$copy -- [ qemu-nbd -r -f qcow2 disk.qcow2 ] out.raw', folder)
  expect([out.status, out.stderr]).toEqual([0, ''])
  expect(bash('cmp -n 588895 out.raw <(seq 100000)', folder).status).toBe(0)
  expect(bash('$copy -- [ nbdkit -P pid memory 4M ] [ nbdkit memory 4M ]', folder).status).toBe(0)
  expect(bash('! kill -0 "$(cat pid)" 2>/dev/null', folder).status).toBe(0)
  const programs = ['nosuchprogram', 'nbdkit --dump-config', 'false']
  for (const program of programs) {
    const { status, stderr } = bash(`$copy -- [ ${program} ] null:`, folder)
    expect([status, stderr]).toEqual([69, expect.stringContaining('NBD_COMMAND_ENDED')])
  }
  expect([bash('$copy [ x null:', folder).status, bash('$copy [ ] -', folder).status]).toEqual([
    64, 64,
  ])
})

testWith(
  'nbdkit',
  'an end that is a terminal is refused, and a reader that waits can be left',
  async () => {
    const folder = scratchFolder()
    const { text } = (await startNbdkit(['pattern', '64M'])).uri()
    const terminal = bash('script -qec "$copy $uri -" log', folder, text)
    expect(terminal.stdout).toContain('NBD_COPY_TO_TERMINAL')
    const stuck =
      '$copy "$uri" - | { read -r -n 1 x; kill -INT "$(pgrep -n -g 0 node)"; sleep 0.5; cat >/dev/null; }'
    const { status, stderr } = bash(stuck, folder, text)
    expect([status, stderr]).toEqual([1, expect.stringContaining('NBD_COPY_INTERRUPTED')])
  },
)

testWith('prlimit', 'a source whose size cannot be told for want of descriptors keeps none', () => {
  const path = join(scratchFolder(), 'file')
  writeFileSync(path, 'x')
  const script = join(import.meta.dirname, 'full-process.ts')
  const { stdout } = runFile('prlimit', ['--nofile=64:64', process.execPath, script, path])
  expect(stdout).toBe('FILE_UNREADABLE 1\n')
})

/** Copies through the command line: whole or not there, resumable, the same bytes. */

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test as plainTest } from 'vitest'
import { ROOT, runFile, scratchFolder } from '../../cli/command.ts'
import { runInProcess } from '../../cli/in-process.ts'
import { resultOf } from '../../cli/json-output.ts'
import { type ChildProcess, spawn } from '../../peers/child-process.ts'
import { testWith } from '../../peers/peer.ts'
import { makePskFolder, makeX509Folder } from '../nbd-credentials.ts'
import { startNbdkit, startQemuNbd } from '../nbd-servers.ts'

const MIB = 1 << 20

/** A sparse disk: data of its own in every third MiB, an odd size. */
function makeDisk(folder: string, size = 24 * MIB + 512, name = 'disk.raw'): string {
  const path = join(folder, name)
  writeFileSync(path, '')
  truncateSync(path, size)
  const file = openSync(path, 'r+')
  for (let at = 0; at + 300_000 < size; at += 3 * MIB)
    writeSync(file, randomBytes(300_000), 0, 300_000, at)
  closeSync(file)
  return path
}

/** One request after the other, each a while after it was asked. */
const SLOW = ['--filter=noparallel', '--filter=noextents', '--filter=delay']

function copy(...args: readonly string[]) {
  return runInProcess(['nbd', 'copy', ...args])
}

/** Leaves out of a failing test what people cannot read. */
function isSame(one: string, other: string): boolean {
  return runFile('cmp', [one, other]).status === 0
}

testWith('qemu-nbd', 'out of a server and into another, holes kept', async () => {
  const folder = scratchFolder()
  const disk = makeDisk(folder)
  const source = await startQemuNbd(disk)
  const target = await startNbdkit(['memory', `${statSync(disk).size}`])
  const out = join(folder, 'out.raw')
  expect((await copy(source.uri().text, target.uri().text, '--verify')).status).toBe(0)
  const result = await copy(target.uri().text, out, '--verify', '--json')
  expect(result.status).toBe(0)
  expect(resultOf(result.stdout)).toMatchObject({
    size: 24 * MIB + 512,
    resumed: 0,
    isVerified: true,
  })
  expect(isSame(disk, out)).toBe(true)
  expect(statSync(out).blocks * 512).toBeLessThan(8 * MIB)
  expect(readdirSync(folder).toSorted()).toEqual(['disk.raw', 'out.raw'])
  expect(runFile('qemu-img', ['compare', '-f', 'raw', '-F', 'raw', disk, out]).status).toBe(0)
})

testWith('strace', 'holes of a file are not read', async () => {
  const folder = scratchFolder()
  const disk = makeDisk(folder, 3 * MIB)
  const size = 8192 * MIB
  truncateSync(disk, size)
  const out = join(folder, 'out.raw')
  const log = join(folder, 'log')
  const program = [process.execPath, join(ROOT, 'dist', 'cryptopolicy.cjs'), 'nbd', 'copy']
  const trace = ['-f', '-y', '-qq', '-o', log, '-e', 'trace=pread64']
  expect(runFile('strace', [...trace, ...program, disk, out]).status).toBe(0)
  const reads = readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => line.includes('pread64(') && line.includes(`<${disk}>`))
  expect(reads.length).toBeGreaterThan(0)
  expect(reads.length).toBeLessThan(20)
  expect(statSync(out).size).toBe(size)
  expect(statSync(out).blocks * 512).toBeLessThan(2 * MIB)
})

testWith('nbdkit', '--verify reads over any connection only what was flushed before', async () => {
  const folder = scratchFolder()
  const disk = makeDisk(folder)
  const log = join(folder, 'requests')
  const size = `${24 * MIB + 512}`
  const server = await startNbdkit(['--filter=log', 'memory', size, `logfile=${log}`])
  expect((await copy(disk, server.uri().text, '--verify')).status).toBe(0)
  await server.kill()
  const requests = [...readFileSync(log, 'utf8').matchAll(/ (Read|Write|Zero|Flush) id=/g)]
  const names = requests.map(([, name]) => name)
  const lastWrite = Math.max(names.lastIndexOf('Write'), names.lastIndexOf('Zero'))
  const firstFlush = names.indexOf('Flush', lastWrite)
  expect(names.indexOf('Read')).toBeGreaterThan(firstFlush)
  expect(firstFlush).toBeGreaterThan(lastWrite)
})

testWith('nbdkit', 'blocks of 4096, at most 64 KiB at once, no zeroing, no map', async () => {
  const folder = scratchFolder()
  const disk = makeDisk(folder, 24 * MIB)
  const policy = [
    ...['blocksize-minimum=4096', 'blocksize-preferred=4096'],
    ...['blocksize-maximum=65536', 'blocksize-error-policy=error'],
  ]
  const filters = ['blocksize-policy', 'nozero', 'noextents'].map((name) => `--filter=${name}`)
  const server = await startNbdkit([...filters, 'memory', `${24 * MIB}`, ...policy])
  const out = join(folder, 'out.raw')
  expect((await copy(disk, server.uri().text, '--verify')).status).toBe(0)
  expect((await copy(server.uri().text, out)).status).toBe(0)
  expect(isSame(disk, out)).toBe(true)
})

testWith('nbdkit', 'over TLS, with certificates and with a shared key', async () => {
  const folder = scratchFolder()
  const disk = makeDisk(folder)
  const pki = makeX509Folder()
  const psk = makePskFolder()
  const x509 = await startNbdkit(['--tls=require', `--tls-certificates=${pki}`, '-r', 'file', disk])
  const shared = await startNbdkit([
    '--tls=require',
    `--tls-psk=${psk}/keys.psk`,
    '-r',
    'file',
    disk,
  ])
  const outs = ['a.raw', 'b.raw', 'c.raw'].map((name) => join(folder, name))
  const object = `tls-creds-x509,id=tls0,dir=${pki},endpoint=client`
  const named = ['--tls-creds', 'tls0', '--tls-hostname', 'localhost']
  const first = await copy(x509.uri('', 'nbds').text, outs[0] ?? '', '--object', object, ...named)
  const second = await copy(
    x509.uri('', 'nbds', `&tls-certificates=${pki}&tls-hostname=localhost`).text,
    outs[1] ?? '',
  )
  const third = await copy(
    shared.uri('', 'nbds', `&tls-psk-file=${psk}/keys.psk&tls-username=qemu`).text,
    outs[2] ?? '',
  )
  expect([first.stderr, second.stderr, third.stderr].join('')).not.toContain('error')
  expect(outs.map((out) => isSame(disk, out))).toEqual([true, true, true])
})

testWith(
  'nbdkit',
  'a server killed in the middle: nothing stands there, and the rest is copied later',
  async () => {
    const folder = scratchFolder()
    const disk = makeDisk(folder, 48 * MIB)
    const out = join(folder, 'out.raw')
    writeFileSync(out, 'what was there before')
    const socket = join(scratchFolder(), 'nbd.sock')
    const slow = [...SLOW, 'file', disk, 'delay-read=20ms']
    const server = await startNbdkit(slow, socket)
    const running = start('nbd', 'copy', server.uri().text, out, '-C', '1')
    const partial = join(folder, '.out.raw.cryptopolicy-partial')
    await expect.poll(() => readDone(`${partial}.state`)).toBeGreaterThan(0)
    await server.kill()
    const [status, stderr] = await running.end()
    expect([status, stderr]).toEqual([69, expect.stringContaining('the connection to')])
    expect(readFileSync(out, 'utf8')).toBe('what was there before')
    expect(existsSync(partial)).toBe(true)
    const done = readDone(`${partial}.state`)
    rmSync(socket)
    const again = await startNbdkit(['-r', 'file', disk], socket)
    const result = await copy(again.uri().text, out, '--json')
    expect(resultOf(result.stdout).resumed).toBe(done)
    expect(isSame(disk, out)).toBe(true)
  },
)

testWith('nbdkit', 'kill -9 in the middle: the same command goes on', async () => {
  const folder = scratchFolder()
  const disk = makeDisk(folder, 48 * MIB)
  const out = join(folder, 'out.raw')
  const slow = [...SLOW, 'file', disk, 'delay-read=20ms']
  const server = await startNbdkit(slow)
  const { child } = start('nbd', 'copy', server.uri().text, out, '-C', '1')
  const state = join(folder, '.out.raw.cryptopolicy-partial.state')
  await expect.poll(() => readDone(state)).toBeGreaterThan(0)
  child.kill('SIGKILL')
  await once(child, 'close')
  expect(existsSync(out)).toBe(false)
  const done = readDone(state)
  const result = await copy(server.uri().text, out, '--json', '--verify')
  expect(resultOf(result.stdout).resumed).toBe(done)
  expect(isSame(disk, out)).toBe(true)
  expect(readdirSync(folder).toSorted()).toEqual(['disk.raw', 'out.raw'])
})

testWith('nbdkit', 'Ctrl-C keeps the state and says that it goes on', async () => {
  const folder = scratchFolder()
  const slow = ['--filter=delay', 'pattern', '64M', 'delay-read=50ms']
  const server = await startNbdkit(slow)
  const out = join(folder, 'out.raw')
  const running = start('nbd', 'copy', server.uri().text, out, '-C', '1')
  const state = join(folder, '.out.raw.cryptopolicy-partial.state')
  await expect.poll(() => existsSync(state)).toBe(true)
  running.child.kill('SIGINT')
  const [status, stderr] = await running.end()
  expect([status, stderr]).toEqual([1, expect.stringContaining('the same command goes on')])
  expect(existsSync(out)).toBe(false)
})

testWith('nbdkit', 'a state of another source, or a damaged one, is not believed', async () => {
  const folder = scratchFolder()
  const disk = makeDisk(folder)
  const out = join(folder, 'out.raw')
  const partial = join(folder, '.out.raw.cryptopolicy-partial')
  const states = [
    '{"format":"cryptopolicy-copy-1","source":"other","destination":"x","size":1,"done":[[0,1]]}',
    '{"format":"cryptopolicy-copy-1","done":[[0,',
    '[]',
    '',
  ]
  const server = await startNbdkit(['-r', 'file', disk])
  for (const state of states) {
    writeFileSync(partial, randomBytes(30 * MIB))
    writeFileSync(`${partial}.state`, state)
    const { status, stderr } = await copy(server.uri().text, out)
    expect([status, stderr]).toEqual([0, expect.stringContaining('NBD_COPY_STARTED_ANEW')])
    expect(isSame(disk, out)).toBe(true)
  }
})

testWith('nbdkit', 'what cannot be copied is said before anything is touched', async () => {
  const folder = scratchFolder()
  const disk = makeDisk(folder)
  const small = await startNbdkit(['memory', '1M'])
  const readOnly = await startNbdkit(['-r', 'memory', '64M'])
  const outcomes = [
    await copy(disk, small.uri().text),
    await copy(disk, readOnly.uri().text),
    await copy(disk, disk),
    await copy(small.uri().text, small.uri().text),
    await copy('nbd+unix:///?socket=/nowhere', disk),
    await copy(join(folder, 'missing'), 'null:'),
    await copy(folder, 'null:'),
    await copy('null:', disk),
    await copy(disk, 'null:', '--verify'),
    await copy(disk, join(folder, 'no', 'such', 'folder')),
  ]
  expect(outcomes.map(({ status, stderr }) => [status, /\[(\w+)\]/.exec(stderr)?.[1]])).toEqual([
    [73, 'NBD_COPY_TOO_SMALL'],
    [73, 'NBD_COPY_READ_ONLY'],
    [64, 'NBD_COPY_SAME_FILE'],
    [64, 'NBD_COPY_SAME_FILE'],
    [69, 'NET_UNREACHABLE'],
    [66, 'FILE_MISSING'],
    [64, 'NBD_COPY_NOT_A_DISK'],
    [64, 'USAGE_MISSING_OPTION'],
    [64, 'USAGE_CONFLICTING_OPTIONS'],
    [73, 'NBD_COPY_UNWRITABLE'],
  ])
  expect(readdirSync(folder)).toEqual(['disk.raw'])
})

testWith('nbdkit', 'an error of the server ends the copy with its words', async () => {
  const folder = scratchFolder()
  const disk = makeDisk(folder)
  const full = ['--filter=error', 'memory', '64M', 'error-pwrite=ENOSPC', 'error-pwrite-rate=100%']
  const server = await startNbdkit(full)
  const { status, stderr } = await copy(disk, server.uri().text)
  expect(status).toBe(69)
  expect(stderr).toContain('no space is left (ENOSPC)')
})

testWith(
  'nbdkit',
  '--verify finds what is not the same, and puts nothing in its place',
  async () => {
    const folder = scratchFolder()
    const out = join(folder, 'out.raw')
    // Its bytes are random anew for each request.
    const script =
      'case "$1" in get_size) echo 1M;; pread) dd if=/dev/urandom bs=$3 count=1 2>/dev/null;; *) exit 2;; esac'
    const path = join(folder, 'plugin.sh')
    writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    const server = await startNbdkit(['sh', path])
    const { status, stderr } = await copy(server.uri().text, out, '--verify')
    expect([status, stderr]).toEqual([1, expect.stringContaining('NBD_COPY_DIFFERENT')])
    expect(existsSync(out)).toBe(false)
  },
)

plainTest('from file to file: through links, modes kept, an empty one', async () => {
  const folder = scratchFolder()
  const disk = makeDisk(folder, 5 * MIB + 7)
  writeFileSync(join(folder, 'real.raw'), 'old', { mode: 0o640 })
  symlinkSync('real.raw', join(folder, 'link.raw'))
  expect((await copy(disk, join(folder, 'link.raw'), '--verify')).status).toBe(0)
  expect(isSame(disk, join(folder, 'real.raw'))).toBe(true)
  expect(statSync(join(folder, 'real.raw')).mode & 0o777).toBe(0o640)
  writeFileSync(join(folder, 'empty'), '')
  expect((await copy(join(folder, 'empty'), join(folder, 'empty2'), '--verify')).status).toBe(0)
  expect(statSync(join(folder, 'empty2')).size).toBe(0)
})

type Running = {
  readonly child: ChildProcess
  /** Waits for its end: status and standard error. */
  readonly end: () => Promise<readonly [number | null, string]>
}

function start(...args: readonly string[]): Running {
  const child = spawn(process.execPath, [join(ROOT, 'dist', 'cryptopolicy.cjs'), ...args])
  onTestFinished(() => void child.kill('SIGKILL'))
  let stderr = ''
  child.stdout.resume()
  child.stderr.on('data', (data) => {
    stderr += data
  })
  const closed = once(child, 'close')
  return { child, end: async () => [(await closed)[0], stderr] }
}

/** How many bytes a state says are done. */
function readDone(path: string): number {
  if (!existsSync(path)) return 0
  const { done } = JSON.parse(readFileSync(path, 'utf8')) as { done: [number, number][] }
  return done.reduce((sum, [first, last]) => sum + last - first, 0)
}

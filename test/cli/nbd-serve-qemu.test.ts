/** `nbd serve` with the command lines of qemu-nbd, beside qemu-nbd. */
import { once } from 'node:events'
import { existsSync, readFileSync, readlinkSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { expect, onTestFinished, test } from 'vitest'
import { addNbdServe } from '../../src/cli/commands/nbd-serve.ts'
import { NbdClient } from '../../src/nbd/client/nbd-client.ts'
import { startQemuNbd } from '../nbd/nbd-servers.ts'
import { serveNbd, serveNbdInProcess } from '../nbd/our-server.ts'
import { execFile, spawn } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { runFile, scratchFolder } from './command.ts'
import { runInProcess } from './in-process.ts'
import { CRYPTOPOLICY } from './service-process.ts'

const MIB = 1 << 20

/** Any command of qemu-io, on an export. */
async function qemuIo(uri: string, ...commands: readonly string[]): Promise<void> {
  const args = commands.flatMap((command) => ['-c', command])
  const { status, stderr } = await execFile('qemu-io', ['-f', 'raw', ...args, uri])
  expect([status, stderr]).toEqual([0, ''])
}

type Seen = { readonly size: string; readonly map: string; readonly file: Buffer }

/** What clients see after some work, of qemu-nbd and of ours. */
async function seen(options: readonly string[], work: readonly string[]): Promise<readonly Seen[]> {
  const files = ['theirs.raw', 'ours.raw'].map((name) => join(scratchFolder(), name))
  for (const file of files) writeFileSync(file, Buffer.alloc(4 * MIB, 7))
  const [theirs = '', ours = ''] = files
  const qemu = await startQemuNbd(theirs, options)
  const server = await serveNbdInProcess(['-t', '-e', '0', ...options, ours])
  const seenOf = async (uri: string, file: string): Promise<Seen> => {
    if (work.length > 0) await qemuIo(uri, ...work, 'flush')
    const size = (await execFile('nbdinfo', ['--size', uri])).stdout
    const map = (await execFile('nbdinfo', ['--map', uri])).stdout
    return { size, map, file: readFileSync(file) }
  }
  return [
    await seenOf(qemu.uri().text, theirs),
    await seenOf(`nbd+unix:///?socket=${server.socket}`, ours),
  ]
}

testWith('qemu-nbd', '--offset: the same size, bytes and map, and nothing before it', async () => {
  const work = ['write -P 1 0 64k', 'write -z 128k 64k', 'write -z -u 1M 1M', 'discard 2M 64k']
  const tail = ['write -P 2 3080704 512', 'read -P 7 2560k 64k']
  const [theirs, ours] = await seen(['-o', '1048576', '--discard=unmap'], [...work, ...tail])
  expect(ours?.size).toBe('3145728\n')
  expect(ours?.size).toBe(theirs?.size)
  expect(ours?.map).toBe(theirs?.map)
  expect(ours?.file.equals(theirs?.file ?? Buffer.alloc(0))).toBe(true)
  expect(ours?.file.subarray(0, MIB).equals(Buffer.alloc(MIB, 7))).toBe(true)
})

testWith('qemu-nbd', '--offset: an odd one, one at the end, and one behind it', async () => {
  const file = join(scratchFolder(), 'disk.raw')
  writeFileSync(file, Buffer.from('0123456789'))
  const size = async (offset: string, path = file) => {
    const { socket } = await serveNbdInProcess(['-t', '--offset', offset, path])
    return (await execFile('nbdinfo', ['--size', `nbd+unix:///?socket=${socket}`])).stdout
  }
  expect([await size('3'), await size('10')]).toEqual(['7\n', '0\n'])
  // A file of whole sectors, since qemu-nbd adds to others what a sector lacks.
  const even = join(scratchFolder(), 'even.raw')
  writeFileSync(even, Buffer.alloc(1024))
  const qemu = await startQemuNbd(even, ['-o', '1024'])
  expect(runFile('nbdinfo', ['--size', qemu.uri().text]).stdout).toBe(await size('1024', even))
  const behind = await runInProcess(['nbd', 'serve', '--offset', '11', file])
  expect([behind.status, behind.stderr]).toEqual([64, expect.stringContaining('NBD_OFFSET_BEYOND')])
  const alone = await runInProcess(['nbd', 'serve', '--offset', '1', '--export', `a=${file}`])
  expect(alone.status).toBe(64)
})

const MODES = [
  ['--discard=unmap'],
  ['--discard=ignore'],
  ['--discard=off'],
  ['--discard=on', '--detect-zeroes=off', '--cache=writethrough', '--aio=threads'],
]

testWith(
  'qemu-nbd',
  '--discard and --detect-zeroes leave the same bytes and the same map',
  async () => {
    const work = ['write -P 0 0 1M', 'discard 1M 1M', 'write -z -u 2M 512k', 'write -z 3M 512k']
    for (const options of MODES) {
      const [theirs, ours] = await seen(options, work)
      expect(ours?.map, options.join(' ')).toBe(theirs?.map)
      const zeroes = (file?: Buffer) => file?.subarray(0, MIB).every((byte) => byte === 0)
      expect([zeroes(ours?.file), zeroes(theirs?.file)], options.join(' ')).toEqual([true, true])
    }
  },
)

testWith('qemu-nbd', '--detect-zeroes makes the same holes, wherever a write begins', async () => {
  const options = ['--discard=unmap', '--detect-zeroes=unmap']
  const work = ['write -P 0 512 2M', 'write -P 0 2560k 100k', 'write -P 1 3M 4k']
  const [theirs, ours] = await seen(options, work)
  expect(ours?.file.equals(theirs?.file ?? Buffer.alloc(0))).toBe(true)
  expect(theirs?.map).toMatch(/ 3 /)
  expect(ours?.map).toBe(theirs?.map)
})

/** How often the server waits for its disk while a client writes, zeroes and trims. */
async function countSyncs(cache: string): Promise<number> {
  const folder = scratchFolder()
  const [file, trace] = [join(folder, 'disk.raw'), join(folder, 'trace')]
  writeFileSync(file, Buffer.alloc(MIB, 7))
  const server = await serveNbd(['-t', '-e', '0', '--cache', cache, file])
  const args = ['-f', '-o', trace, '-e', 'trace=fdatasync', '-p', String(server.pid)]
  const strace = spawn('strace', args)
  await once(strace.stderr, 'data')
  const client = await NbdClient.connect({ kind: 'unix', path: server.socket }, '')
  await client.write(0, Buffer.alloc(512, 1))
  await client.zero(512, 512)
  await client.trim(512, 1024)
  await client.disconnect()
  strace.kill('SIGINT')
  await once(strace, 'close')
  return readFileSync(trace, 'utf8').match(/fdatasync\(/g)?.length ?? 0
}

testWith(
  'strace',
  '--cache writethrough: what was acknowledged is on disk without a flush',
  async () => {
    expect([await countSyncs('writeback'), await countSyncs('writethrough')]).toEqual([0, 3])
  },
)

testWith('qemu-nbd', 'every option of qemu-nbd is known, if only to say what does it', () => {
  const help = runFile('qemu-nbd', ['--help']).stdout
  const options = [...help.matchAll(/^\s+(?:(-\w), )?(--[a-z-]+)/gm)]
  expect(options.length).toBeGreaterThan(30)
  const group = new Command()
  addNbdServe(group)
  const ours = group.commands.flatMap((command) => command.options)
  const known = ours.flatMap(({ short, long }) => [short, long]).concat('-h', '--help')
  const theirs = options.flatMap(([, short, long]) => [short, long])
  expect(theirs.filter((name) => name !== undefined && !known.includes(name))).toEqual([])
})

testWith(
  'qemu-nbd',
  'what would lose a promise, or is not done here, is refused with a way',
  async () => {
    const refused = [
      ...[['--cache', 'none'], ['--cache', 'directsync'], ['-n'], ['-f', 'qcow2'], ['-s'], ['-L']],
      ...[['-c', '/dev/nbd0'], ['-d', '/dev/nbd0'], ['-l', 'x'], ['-B', 'x'], ['-A']],
    ]
    for (const args of refused) {
      const { status, stderr } = await runInProcess(['nbd', 'serve', ...args, '/nowhere'])
      expect([status, stderr], args.join(' ')).toEqual([
        64,
        expect.stringMatching(/^error\[USAGE_ONLY_QEMU_NBD\]: .*\nhint: .*\n$/),
      ])
    }
  },
)

/** Starts it in a shell that waits until all that holds its output has let go of it. */
function fork(folder: string, ...args: readonly string[]) {
  return forkInShell(folder, 'exec "$@"', ...args)
}

function forkInShell(folder: string, script: string, ...args: readonly string[]) {
  onTestFinished(() => {
    const pid = readPid(folder)
    if (pid !== undefined) process.kill(pid, 'SIGKILL')
  })
  const words = ['nbd', 'serve', '--fork', '--pid-file', 'pid', '-k', 'sock', '-t', ...args]
  return runFile('/bin/sh', ['-c', script, 'sh', CRYPTOPOLICY, ...words], { cwd: folder })
}

function readPid(folder: string): number | undefined {
  const path = join(folder, 'pid')
  return existsSync(path) ? Number(readFileSync(path, 'utf8')) : undefined
}

testWith(
  'nbdinfo',
  '--fork: it ends with 0 when clients can connect, and the server goes on',
  async () => {
    const folder = scratchFolder()
    const { status, stderr, stdout } = fork(folder, '--memory', '1M')
    expect([status, stdout, stderr]).toEqual([0, '', expect.stringMatching(/^ready: sock serves/)])
    const uri = `nbd+unix:///?socket=${join(folder, 'sock')}`
    expect(runFile('nbdinfo', ['--size', uri]).stdout).toBe('1048576\n')
    const pid = readPid(folder) ?? 0
    const [, session] = /\) \S+ \d+ \d+ (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
    expect(Number(session)).toBe(pid)
    expect(fork(folder, '--memory', '1M')).toMatchObject({
      status: 69,
      stderr: expect.stringContaining('ENDPOINT_CANNOT_LISTEN'),
    })
    expect(readPid(folder)).toBe(pid)
    process.kill(pid, 'SIGTERM')
    while (existsSync(join(folder, 'pid'))) await new Promise((resolve) => setTimeout(resolve, 20))
    expect(existsSync(join(folder, 'sock'))).toBe(false)
  },
)

test('--fork: where standard error is a file, the server goes on writing there', () => {
  const folder = scratchFolder()
  const { status, stdout, stderr } = forkInShell(folder, 'exec "$@" 2>log', '--memory', '1M')
  expect([status, stdout, stderr]).toEqual([0, '', ''])
  expect(readFileSync(join(folder, 'log'), 'utf8')).toMatch(/^ready: sock serves/)
  expect(readlinkSync(`/proc/${readPid(folder)}/fd/2`)).toBe(realpathSync(join(folder, 'log')))
})

testWith('qemu-nbd', '--fork: what is wrong before it listens is told, and nothing goes on', () => {
  const folder = scratchFolder()
  const theirs = runFile('qemu-nbd', ['--fork', '-f', 'raw', '-k', join(folder, 's'), '/nowhere'])
  expect(theirs.status).toBe(1)
  const missing = fork(folder, '/nowhere')
  expect([missing.status, missing.stderr]).toEqual([66, expect.stringContaining('cannot export')])
  expect(fork(folder, '--memory', '1M', '--tls-creds', 'none').status).not.toBe(0)
  expect(readPid(folder)).toBeUndefined()
})

testWith('qemu-nbd', 'an IPv6 address may stand in brackets', async () => {
  const server = await serveNbdInProcess(['-b', '[::1]', '-p', '0', '--memory', '1M'], {
    ownPlace: true,
  })
  expect(server.log()).toMatch(/^ready: \[::1\]:\d+ serves/m)
})

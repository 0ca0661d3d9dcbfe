/** What `nbd info` answers, beside what nbdinfo answers of the same servers. */
import { existsSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findFeature } from '../../src/nbd/client/export-features.ts'
import { NbdClient } from '../../src/nbd/client/nbd-client.ts'
import { parseNbdUri } from '../../src/nbd/client/nbd-uri.ts'
import { isRunning } from '../chardev/user-at-terminal.ts'
import { startNbdkit, startQemuNbd } from '../nbd/nbd-servers.ts'
import { type OurServer, serveNbd } from '../nbd/our-server.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { execFileSync } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { type Outcome, run, runFile, scratchFolder } from './command.ts'
import { runInProcess } from './in-process.ts'
import { resultOf } from './json-output.ts'
import { launchService } from './service-process.ts'

const MIB = 1 << 20

function ours(...args: readonly string[]): Promise<Outcome> {
  return runInProcess(['nbd', 'info', ...args])
}

function theirs(...args: readonly string[]): Outcome {
  return runFile('nbdinfo', args)
}

/** Data in the second and in half of the fourth of 16 MiB. */
function makeDisk(): string {
  const path = join(scratchFolder(), 'disk.raw')
  const file = openSync(path, 'w')
  truncateSync(path, 16 * MIB)
  writeSync(file, Buffer.alloc(MIB, 1), 0, MIB, MIB)
  writeSync(file, Buffer.alloc(MIB / 2, 1), 0, MIB / 2, 3 * MIB)
  return path
}

/** A qcow2 image with a backing file and a bitmap that has bits. */
function makeImage(): string {
  const folder = scratchFolder()
  const image = (command: string) => execFileSync('sh', ['-c', command], { cwd: folder })
  image('qemu-img create -q -f qcow2 base.qcow2 4M')
  image('qemu-io -f qcow2 -c "write 0 1M" base.qcow2')
  image('qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 top.qcow2 4M')
  image('qemu-img bitmap --add -f qcow2 top.qcow2 changes')
  image('qemu-io -f qcow2 -c "write 2M 64k" top.qcow2')
  return join(folder, 'top.qcow2')
}

function uriOf({ socket }: OurServer): string {
  return `nbd+unix:///?socket=${socket}`
}

type Row = { readonly percent?: number; readonly description?: string }

/** nbdinfo prints six digits of a part, and leaves out a description that there is not. */
function asOurs({ percent, ...row }: Row): object {
  const part = percent === undefined ? {} : { percent: expect.closeTo(percent, 3) as number }
  return { description: null, ...row, ...part }
}

async function expectSameMap(uri: string, context?: string): Promise<void> {
  const map = context === undefined ? '--map' : `--map=${context}`
  for (const args of [[map], [map, '--totals']]) {
    expect((await ours(...args, uri)).stdout, args.join(' ')).toBe(theirs(...args, uri).stdout)
    const rows = args.length === 1 ? 'map' : 'totals'
    const known = JSON.parse(theirs(...args, '--json', uri).stdout) as readonly Row[]
    const told = resultOf((await ours(...args, '--json', uri)).stdout)[rows] as readonly Row[]
    expect(told).toEqual(known.map(asOurs))
  }
}

testWith('nbdinfo', 'maps and totals are those of nbdinfo, of three servers', async () => {
  const disk = makeDisk()
  const kit = await startNbdkit(['-r', 'file', disk])
  const qemu = await startQemuNbd(disk)
  const our = await serveNbd([disk, '-t', '-e', '0'])
  for (const uri of [kit.uri().text, qemu.uri().text, uriOf(our)]) await expectSameMap(uri)
})

testWith('nbdinfo', 'totals are rounded as those of nbdinfo are', async () => {
  const parts = [2, 9, 11, 13, 40].map((index) => `@${index * 65_536} 1*65536`)
  const server = await startNbdkit(['-r', 'sparse-random', 'size=1M', 'seed=1', 'percent=30'])
  await expectSameMap(server.uri().text)
  const data = await startNbdkit(['-r', 'data', parts.join(' '), 'size=16M'])
  await expectSameMap(data.uri().text)
})

testWith('nbdinfo', 'other contexts: a dirty bitmap, and the depth of allocation', async () => {
  const args = ['-r', '-f', 'qcow2', '-A', '-B', 'changes']
  const { uri } = await startQemuNbd(makeImage(), args)
  await expectSameMap(uri().text, 'qemu:dirty-bitmap:changes')
  await expectSameMap(uri().text, 'qemu:allocation-depth')
  const { status, stderr } = await ours('--map=qemu:dirty-bitmap:none', uri().text)
  expect([status, stderr]).toEqual([69, expect.stringContaining('NBD_CONTEXT_MISSING')])
  expect(theirs('--map=qemu:dirty-bitmap:none', uri().text).status).toBe(1)
})

const QUESTIONS = [
  ...['connect', 'read', 'write', 'structured-reply', 'cache', 'df', 'fast-zero', 'flush', 'fua'],
  ...['multi-conn', 'trim', 'zero', 'tls', 'read-only', 'rotational', 'Read_Only', 'sr'],
]

testWith('nbdinfo', 'what an export can and is are the answers of nbdinfo', async () => {
  const filters = ['--no-sr', '--filter=fua', '--filter=nozero']
  const { uri } = await startNbdkit([...filters, 'memory', '1M', 'fuamode=discard'])
  const our = await serveNbd(['--memory', '1M', '-t', '-e', '0'])
  for (const { address, text } of [uri(), parseNbdUri(uriOf(our))]) {
    const client = await NbdClient.connect(address, '')
    for (const question of QUESTIONS) {
      const { status } = theirs('--can', question, text)
      expect(findFeature(question)?.(client), question).toBe(status === 0)
    }
    await client.disconnect()
  }
})

testWith('nbdinfo', '--can and --is answer by their status alone', async () => {
  const { text } = (await startNbdkit(['-r', 'memory', '1M'])).uri()
  for (const args of [
    ['--can', 'write'],
    ['--is', 'read-only'],
    ['--can', 'read'],
  ]) {
    const { status } = theirs(...args, text)
    expect(await ours(...args, text)).toEqual({ status, stdout: '', stderr: '' })
  }
})

testWith('nbdinfo', 'no answer is neither yes nor no', async () => {
  const uri = uriOf(await serveNbd(['--memory', '1M', '-t']))
  expect(theirs('--can', 'fly', uri).status).toBe(1)
  expect(await ours('--can', 'fly', uri)).toMatchObject({
    status: 64,
    stderr: expect.stringContaining('unknown ability `fly`'),
  })
  expect((await ours('--can', 'read', 'nbd+unix:///?socket=/nowhere')).status).toBe(69)
  const wrong = [['--totals'], ['--can', 'read', '--is', 'tls'], ['--can', 'read', '--json']]
  for (const args of wrong) expect((await ours(...args, uri)).status, args.join(' ')).toBe(64)
})

testWith('nbdinfo', 'a command in brackets is the server', async () => {
  const server = ['--', '[', 'nbdkit', 'pattern', '3M', ']']
  expect((await ours('--size', ...server)).stdout).toBe(theirs('--size', ...server).stdout)
  expect((await ours('--map', ...server)).stdout).toBe(theirs('--map', ...server).stdout)
  expect((await ours('--can', 'write', ...server)).status).toBe(2)
  const image = ['--', '[', 'qemu-nbd', '-r', '-f', 'qcow2', makeImage(), ']']
  expect((await ours('--size', ...image)).stdout).toBe('4194304\n')
  const listed = run('cryptopolicy', ['nbd', 'list', '--', '[', 'nbdkit', '-e', 'me', 'null', ']'])
  expect(listed.status).toBe(0)
})

test.each(['--can', '--is'])('%s answers by the exit status alone, not as JSON', async (option) => {
  const args = ['nbd', 'info', `${option}=read-only`, '--json', 'nbd://localhost:1/']
  const { stdout, status } = await runInProcess(args)
  expect(status).toBe(64)
  const [diagnostic] = JSON.parse(stdout).diagnostics
  expect(diagnostic).toMatchObject({ code: 'USAGE_CONFLICTING_OPTIONS', file: null })
  expect(diagnostic.hint).toContain('the exit status is the answer')
})

test('a command in brackets that ignores signals does not outlive the run that a signal ends', async () => {
  const folder = scratchFolder()
  // It takes connections, and answers none of them.
  const script = 'trap "" TERM INT; echo $$ >$1/new; mv $1/new $1/pid; exec sleep 600'
  const command = ['[', 'sh', '-c', script, 'sh', folder, ']']
  const { child, ended } = launchService(['nbd', 'info', '--', ...command])
  await eventually(() => existsSync(join(folder, 'pid')))
  const pid = Number(readFileSync(join(folder, 'pid'), 'latin1'))
  child.kill('SIGINT')
  await ended
  expect(child.signalCode).toBe('SIGINT')
  await eventually(() => !isRunning(pid))
})

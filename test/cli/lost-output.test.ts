import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT, runFile, scratchFolder } from './command.ts'
import { Host } from './host.ts'
import { runInProcess } from './in-process.ts'

const BIN = join(ROOT, 'bin')
const POLICIES = join(ROOT, 'policies')

const FULL = { stdout: [1], stderr: [2], both: [1, 2] } as const

/** Runs a command line with a stream that is always full. */
function withFull(stream: keyof typeof FULL, args: readonly string[]) {
  return runInProcess(args, { full: FULL[stream] })
}

const folder = () => scratchFolder()

/** Each command, with something to print. */
const COMMANDS: Readonly<Record<string, () => readonly string[]>> = {
  '--help': () => ['--help'],
  '--version': () => ['--version'],
  help: () => ['help', 'show'],
  build: () => ['build', '--no-verify', '--policy', 'DEFAULT', POLICIES, folder()],
  show: () => ['show', 'DEFAULT'],
  'show a property': () => ['show', 'DEFAULT', '--scope', 'ssh'],
  plan: () => ['plan', '--base-dir', folder(), '--set', 'DEFAULT'],
  diff: () => ['diff', 'DEFAULT', 'FUTURE'],
  explain: () => ['explain', 'DEFAULT', '--value', 'SHA1'],
  'explain --priority': () => ['explain', '--priority', 'NORMAL'],
  lint: () => ['lint', join(POLICIES, 'DEFAULT.pol')],
  resolve: () => ['resolve', 'NORMAL'],
  list: () => ['list', 'NORMAL'],
  convert: () => ['convert', '--to', 'openssl', 'NORMAL'],
  'pki init': () => ['pki', 'init', folder(), '--key', 'ecdsa', '--priority', 'NORMAL'],
  'pki psk': () => ['pki', 'psk', 'qemu', folder()],
}

describe('a full standard output is told, with status 73', () => {
  for (const [name, args] of Object.entries(COMMANDS)) {
    test(name, async () => {
      const { status, stderr } = await withFull('stdout', args())
      expect(status, stderr).toBe(73)
      expect(stderr).toContain(
        'error[OUTPUT_UNWRITABLE]: cannot write standard output: there is no space left',
      )
      if (name.startsWith('-') || name === 'help') return
      const json = await withFull('stdout', [...args(), '--json'])
      expect(json).toMatchObject({ status: 73, stderr: expect.stringContaining('OUTPUT_UNW') })
    })
  }
})

test('a full disk is one of which the system says so', () => {
  for (const [redirection, words] of [
    ['>/dev/full', ['show', 'DEFAULT']],
    ['2>/dev/full', ['show', 'NOWHERE']],
  ] as const) {
    const script = `PATH=${BIN}:$PATH; cryptopolicy "$@" ${redirection}`
    expect(runFile('/bin/sh', ['-c', script, 'sh', ...words]).status).toBe(73)
  }
})

describe('a full standard error ends with status 73', () => {
  test.each([
    [['show', 'NOWHERE']],
    [['nope']],
    [['nbd']],
    [['list', 'NORMAL:NOPE']],
    [['diff', 'DEFAULT', 'DEFAULT']],
    [['convert', '--to', 'go', 'NORMAL']],
    [['nbd', 'info', 'nbd://127.0.0.1:1/']],
    [['pki', 'check', '/nowhere']],
  ])('%s', async (args) => {
    expect((await withFull('stderr', args)).status).toBe(73)
    expect((await withFull('both', args)).status).toBe(73)
  })
})

test('update-policies has a status for it that its callers know', async () => {
  const host = new Host()
  await host.setInProcess('DEFAULT')
  for (const action of ['--show', '--is-applied', '--check', '--no-reload']) {
    const { status, stderr } = await host.updateInProcess([action], { full: [1] })
    expect([action, status]).toEqual([action, 1])
    expect(stderr).toContain('error[OUTPUT_UNWRITABLE]')
  }
})

test('a reader that goes away ends a run without a word, as SIGPIPE ends programs in C', () => {
  const ended = (command: string, ...args: readonly string[]) => {
    const script = `PATH=${BIN}:$PATH; exec 4> >(:); wait $!; "$@" >&4; echo $?`
    return runFile('/bin/bash', ['-c', script, 'bash', command, ...args])
  }
  const theirs = ended('env', '--default-signal=PIPE', 'cat', '/etc/passwd').stdout
  // Differences are no less than without a reader: they end with 1 where all is read.
  for (const args of [
    ['show', 'DEFAULT'],
    ['diff', 'DEFAULT', 'FUTURE'],
    ['list', 'NORMAL', '--json'],
  ]) {
    expect(ended('cryptopolicy', ...args), args.join(' ')).toEqual({
      ...{ status: 0, stdout: theirs, stderr: '' },
    })
  }
})

test('lost remarks change no status', () => {
  const remarks = `PATH=${BIN}:$PATH; exec 4> >(:); wait $!; cryptopolicy show NOPE 2>&4; echo $?`
  expect(runFile('/bin/bash', ['-c', remarks]).stdout).toBe('66\n')
})

import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT, runFile, scratchFolder } from './command.ts'
import { Host } from './host.ts'

const BIN = join(ROOT, 'bin')
const POLICIES = join(ROOT, 'policies')

/** Runs a command line with a stream that is always full. */
function withFull(stream: 'stdout' | 'stderr' | 'both', args: readonly string[]) {
  const redirection = { stdout: '>/dev/full', stderr: '2>/dev/full', both: '>/dev/full 2>&1' }
  const script = `PATH=${BIN}:$PATH; "$@" ${redirection[stream]}`
  return runFile('/bin/sh', ['-c', script, 'sh', ...args])
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
    test(name, () => {
      const { status, stderr } = withFull('stdout', ['cryptopolicy', ...args()])
      expect(status, stderr).toBe(73)
      expect(stderr).toContain(
        'error[OUTPUT_UNWRITABLE]: cannot write standard output: there is no space left',
      )
      if (name.startsWith('-') || name === 'help') return
      const json = withFull('stdout', ['cryptopolicy', ...args(), '--json'])
      expect(json).toMatchObject({ status: 73, stderr: expect.stringContaining('OUTPUT_UNW') })
    })
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
  ])('%s', (args) => {
    expect(withFull('stderr', ['cryptopolicy', ...args]).status).toBe(73)
    expect(withFull('both', ['cryptopolicy', ...args]).status).toBe(73)
  })
})

test('update-policies has a status for it that its callers know', () => {
  const host = new Host()
  host.set('DEFAULT')
  for (const action of ['--show', '--is-applied', '--check', '--no-reload']) {
    const { status, stderr } = withFull('stdout', [
      'update-policies',
      '--base-dir',
      host.base,
      action,
    ])
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

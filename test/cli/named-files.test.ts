/** Files that are named on a command line and read once may be pipes, as for cat. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { testWith } from '../peers/peer.ts'
import { ROOT, runFile, scratchFolder } from './command.ts'

/** Runs a line of bash in which `$cp` is our program. */
function bash(line: string, folder = scratchFolder()) {
  const env = { cp: join(ROOT, 'bin', 'cryptopolicy'), policies: join(ROOT, 'policies') }
  return runFile('bash', ['-o', 'pipefail', '-c', line], { cwd: folder, env })
}

test('a policy comes out of a pipe as it does from its file', () => {
  const file = bash('$cp lint $policies/DEFAULT.pol --json | grep -c LINT_').stdout
  for (const line of [
    '$cp lint - --json < $policies/DEFAULT.pol',
    'cat $policies/DEFAULT.pol | $cp lint /dev/stdin --json',
    '$cp lint <(cat $policies/DEFAULT.pol) --json',
    'mkfifo f; (cat $policies/DEFAULT.pol > f) & $cp lint ./f --json',
  ]) {
    expect(bash(`${line} | grep -c LINT_`).stdout, line).toBe(file)
  }
  expect(bash('echo nonsense | $cp lint -').stdout).toContain('/dev/stdin:1:1: error')
})

test('a configuration may come out of a pipe', () => {
  const list = '$cp list --priority @MINE --config'
  const config = `printf '[priorities]\\nMINE=SECURE256\\n'`
  const expected = bash('$cp list --priority SECURE256 --config /dev/null')
    .stdout.split('\n')
    .slice(1)
  for (const line of [`${list} <(${config})`, `${config} | ${list} -`]) {
    expect(bash(line).stdout.split('\n').slice(1), line).toEqual(expected)
  }
})

testWith('openssl', 'a request and a passphrase come out of pipes', () => {
  const line = [
    '$cp pki init ca --cn CA --passphrase-file <(echo secret) >/dev/null',
    'openssl req -new -newkey rsa:3072 -nodes -keyout k.pem -subj /CN=host -out r.pem 2>/dev/null',
    'cat r.pem | $cp pki sign server - ca --dns host --out o --passphrase-file <(echo secret) >/dev/null',
    'openssl verify -CAfile ca/ca-cert.pem o/server-cert.pem',
  ].join(' && ')
  const { status, stdout, stderr } = bash(line)
  expect([status, stdout, stderr]).toEqual([0, 'o/server-cert.pem: OK\n', ''])
})

test('what never ends, and what is no file, is refused', () => {
  const codes = ['/dev/zero', '.', '/nowhere'].map(
    (path) => /\[(\w+)\]/.exec(bash(`$cp list --priority NORMAL --config ${path}`).stderr)?.[1],
  )
  expect(codes).toEqual(['FILE_TOO_LARGE', 'FILE_NOT_REGULAR', 'FILE_MISSING'])
})

test('in a folder of policies a pipe is refused, and not waited for', () => {
  const line = 'mkdir -p b/policies && mkfifo b/policies/MINE.pol && $cp show MINE --base-dir b'
  expect(bash(line).stderr).toContain('FILE_NOT_REGULAR')
})

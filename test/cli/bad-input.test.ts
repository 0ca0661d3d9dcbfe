import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { execFileSync } from '../peers/child-process.ts'
import { run } from './command.ts'
import { Host } from './host.ts'

type Prepare = (host: Host) => void

const policyFile =
  (content: string | Buffer): Prepare =>
  (host) => {
    host.write({ 'policies/BAD.pol': content })
  }

const special =
  (make: (path: string) => void): Prepare =>
  (host) => {
    mkdirSync(host.path('policies'), { recursive: true })
    make(host.path('policies', 'BAD.pol'))
  }

/** What an administrator may feed us, and the code and words that answer. */
const BAD_POLICIES: Readonly<Record<string, readonly [Prepare, code: string, words: RegExp]>> = {
  'an unknown policy': [() => {}, 'POLICY_NOT_FOUND', /unknown policy `BAD`/],
  'a directory': [special(mkdirSync), 'FILE_NOT_REGULAR', /is a directory, not a file/],
  'a pipe': [
    special((path) => execFileSync('mkfifo', [path])),
    'FILE_NOT_REGULAR',
    /is a pipe, not a file/,
  ],
  'a symlink loop': [
    special((path) => symlinkSync('BAD.pol', path)),
    'FILE_UNREADABLE',
    /symbolic links go in a circle/,
  ],
  'a dangling symlink': [
    special((path) => symlinkSync('nowhere', path)),
    'FILE_MISSING',
    /does not exist/,
  ],
  '100 MB': [policyFile(Buffer.alloc(100_000_000, 'a')), 'FILE_TOO_LARGE', /larger than/],
  'a NUL byte': [policyFile('hash = SHA1\0\n'), 'POLICY_NUL_BYTE', /BAD\.pol:1:12: .*NUL/],
  'CR LF': [policyFile('hash = SHA1\r\n'), 'POLICY_CARRIAGE_RETURN', /BAD\.pol:1:12: /],
  'a byte order mark': [
    policyFile('\ufeffhash = SHA1\n'),
    'POLICY_BYTE_ORDER_MARK',
    /BAD\.pol:1:1: /,
  ],
  'invalid UTF-8': [
    policyFile(Buffer.from([0x23, 0x20, 0xff, 0x0a])),
    'FILE_INVALID_UTF8',
    /byte 2 is not UTF-8/,
  ],
  'a misspelt algorithm': [
    policyFile('hash = SHA2-265\n'),
    'POLICY_UNKNOWN_ALGORITHM',
    /BAD\.pol:1:8: .*\n.*\n.*\^{8}\nhint: did you mean SHA2-256/,
  ],
}

for (const [what, [prepare, code, words]] of Object.entries(BAD_POLICIES)) {
  test(`refuses ${what} in words and leaves the old configuration`, async () => {
    const host = new Host()
    await host.setInProcess('DEFAULT')
    prepare(host)
    const before = host.visible()
    const { status, stderr } = await host.updateInProcess(['--set', 'BAD', '--no-reload'])
    expect(status).toBe(1)
    expect(stderr).toContain(`error[${code}]`)
    expect(stderr).toMatch(words)
    expect(stderr).not.toMatch(/\n\s+at /)
    expect(host.visible()).toEqual(before)
    expect(host.read('config')).toBe('DEFAULT\n')
  })
}

test('shows the errors of all files in one run', async () => {
  const host = new Host({
    'policies/BAD.pol': 'hash = SHA9\nciper = AES-256-GCM\n',
    'policies/modules/WORSE.pmod': 'cipher@tsl = -RC4-128\nmin_rsa_size = many\n',
  })
  const { stderr } = await host.updateInProcess(['--set', 'BAD:WORSE:NOWHERE'])
  for (const words of [
    'BAD.pol:1:8: error[POLICY_UNKNOWN_ALGORITHM]',
    'BAD.pol:2:1: error[POLICY_UNKNOWN_PROPERTY]',
    'WORSE.pmod:1:8: error[POLICY_UNKNOWN_SCOPE]',
    'WORSE.pmod:2:16: error[POLICY_INTEGER_EXPECTED]',
    'error[POLICY_NOT_FOUND]: unknown policy `NOWHERE`',
  ]) {
    expect(stderr).toContain(words)
  }
})

test('refuses names that would leave the policy folders', async () => {
  const host = new Host()
  for (const name of ['../X', '/ETC/X', 'A:../B', '.hidden', 'A B']) {
    const { status, stderr } = await host.updateInProcess(['--set', name])
    expect(status, name).toBe(1)
    expect(stderr).toContain('error[POLICY_BAD_NAME]')
  }
})

test('refuses a configuration that names no policy', async () => {
  const { status, stderr } = await new Host({ config: '# nothing\n' }).updateInProcess([])
  expect(status).toBe(1)
  expect(stderr).toContain('error[POLICY_NO_NAME]')
})

test('refuses a base directory that cannot be written', async () => {
  const host = new Host()
  const blocked = host.path('blocked')
  writeFileSync(blocked, '')
  const { status, stderr } = await host.updateInProcess(['--base-dir', blocked, '--set', 'DEFAULT'])
  expect(status).toBe(1)
  expect(stderr).toMatch(/error\[FILE_\w+\]: .*a part of the path is not a directory/)
})

test('returns from a file system that makes no folders', async () => {
  const { status, stderr } = await new Host().updateInProcess([
    '--base-dir',
    '/proc/x',
    '--set',
    'DEFAULT',
  ])
  expect(status).toBe(1)
  expect(stderr).toContain('error[FILE_UNWRITABLE]: cannot write /proc/x')
})

test('an empty name, as an unset variable leaves it, is seen in the message', () => {
  const { stderr } = run('cryptopolicy', ['pki', 'init', ''])
  expect(stderr).toContain("cannot write a file named ''")
})

test('warns of a drop-in that runs into the next one', async () => {
  const host = new Host({
    'local.d/gnutls-a.config': 'A=NONE:+VERS-ALL',
    'local.d/gnutls-b.config': 'B=NONE\n',
  })
  const { stderr } = await host.updateInProcess(['--set', 'DEFAULT', '--no-reload'])
  expect(stderr).toContain('gnutls-a.config:1:16: warning[DROPIN_UNENDED]')
})

test('refuses a back-ends that is a file, and leaves it', async () => {
  const host = new Host({ 'back-ends': 'mine\n' })
  const { status } = await host.updateInProcess(['--set', 'DEFAULT', '--no-reload'])
  expect(status).toBe(1)
  expect(host.read('back-ends')).toBe('mine\n')
})

test('refuses a gnutls drop-in without a keyword, and shows the line to write', async () => {
  const host = new Host({ 'local.d/gnutls-libvirt.config': 'NORMAL:-VERS-TLS1.2\n' })
  const { status, stderr } = await host.updateInProcess(['--set', 'DEFAULT'])
  expect(status).toBe(1)
  expect(stderr).toContain('error[DROPIN_GNUTLS_BARE_PRIORITY]')
  expect(stderr).toContain('LIBVIRT=NORMAL:-VERS-TLS1.2')
})

test('refuses a drop-in that cannot be read', async () => {
  const host = new Host()
  mkdirSync(host.path('local.d', 'nss-x.config'), { recursive: true })
  const { status, stderr } = await host.updateInProcess(['--set', 'DEFAULT'])
  expect(status).toBe(1)
  expect(stderr).toContain('nss-x.config: it is a directory')
})

test('says when a policy of the current directory comes first', () => {
  const host = new Host({ 'here/MINE.pol': 'hash = SHA2-256\n' })
  const { stderr } = host.update(['--set', 'MINE', '--no-reload'], { cwd: host.path('here') })
  expect(stderr).toContain('warning[POLICY_FROM_CURRENT_DIRECTORY]')
})

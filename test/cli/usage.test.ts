import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runToExit } from '../../src/cli/run.ts'
import { testWith } from '../peers/peer.ts'
import { CaughtOutput } from './caught-output.ts'
import { ROOT, runFile, scratchFolder, writeFiles } from './command.ts'
import { Host } from './host.ts'
import { runInProcess } from './in-process.ts'
import { resultOf } from './json-output.ts'

const LAUNCHER = join(ROOT, 'bin', 'cryptopolicy')

function cryptopolicy(...args: readonly string[]) {
  return runInProcess(args)
}

describe('help', () => {
  test.each([
    [['help'], 'Usage: cryptopolicy [options] [command]'],
    [['help', 'show'], 'Usage: cryptopolicy show '],
    [['help', 'nbd'], 'Usage: cryptopolicy nbd '],
    [['help', 'nbd', 'copy'], 'Usage: cryptopolicy nbd copy '],
    [['nbd', 'help', 'copy'], 'Usage: cryptopolicy nbd copy '],
  ])('%s', async (args, begin) => {
    const { status, stdout, stderr } = await cryptopolicy(...args)
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout.startsWith(begin)).toBe(true)
  })

  test.each([
    [['help', 'nope']],
    [['help', 'nbd', 'nope']],
    [['nbd', 'help', 'nope']],
    [['help', 'show', 'nope']],
  ])('refuses %s', async (args) => {
    const { status, stdout, stderr } = await cryptopolicy(...args)
    expect([status, stdout]).toEqual([64, ''])
    expect(stderr).toMatch(/^error\[USAGE_UNKNOWN_COMMAND\]: unknown command 'nope'\n/)
  })
})

describe('wrong usage has a code, a hint and status 64', () => {
  test.each([
    [['nope'], 'USAGE_UNKNOWN_COMMAND'],
    [['shwo'], 'USAGE_UNKNOWN_COMMAND'],
    [['show', '--nope'], 'USAGE_UNKNOWN_OPTION'],
    [['nbd'], 'USAGE_MISSING_COMMAND'],
    [[], 'USAGE_MISSING_COMMAND'],
    [['list', '--config'], 'USAGE_MISSING_VALUE'],
    [['convert', 'NORMAL'], 'USAGE_MANDATORY_OPTION'],
    [['list', 'NORMAL', '--gnutls', '1'], 'USAGE_INVALID_VALUE'],
    [['chardev', 'connect', '--chardev', 'null', '--escape', 'x^]'], 'USAGE_INVALID_VALUE'],
    [['chardev', 'connect', '--chardev', 'null', '--escape', '^]x'], 'USAGE_INVALID_VALUE'],
    [['list', 'NORMAL', '--priority', 'PFS'], 'USAGE_CONFLICTING_OPTIONS'],
    [['show', 'A', 'B'], 'USAGE_EXCESS_ARGUMENTS'],
  ])('%s', async (args, code) => {
    const { status, stderr } = await cryptopolicy(...args)
    expect(status).toBe(64)
    expect(stderr).toMatch(new RegExp(`^error\\[${code}\\]: `, 'm'))
    if (code !== 'USAGE_CONFLICTING_OPTIONS') expect(stderr).toMatch(/^hint: /m)
  })

  test('update-policies keeps the status of the program that it stands in for', () => {
    const { status, stderr } = new Host().update(['--nope'])
    expect(status).toBe(2)
    expect(stderr).toBe(
      "error[USAGE_UNKNOWN_OPTION]: unknown option '--nope'\nhint: see update-policies --help\n",
    )
  })
})

test('list takes its string as resolve does, and as gnutls-cli does', async () => {
  const [first, second] = [
    await cryptopolicy('list', 'NORMAL'),
    await cryptopolicy('list', '--priority', 'NORMAL'),
  ]
  expect(first?.status).toBe(0)
  expect(first).toEqual(second)
})

test.each(['--tls-creds=tls0', '--tls-hostname=host', '--tls=optional'])(
  '%s of a copy between files would protect nothing',
  async (option) => {
    const { status, stderr } = await runInProcess(['nbd', 'copy', option, 'disk.img', 'copy.img'])
    expect(status).toBe(64)
    expect(stderr).toContain(`${option.split('=')[0]} and two ends that are no NBD servers cannot`)
  },
)

describe('a user who leaves out or mistakes an argument reads what to type', () => {
  test.each([
    [['nbd', 'info'], 'cryptopolicy nbd info nbds://host/export; '],
    [['nbd', 'copy', 'disk.img'], 'cryptopolicy nbd copy nbds://host/export copy.img; '],
  ])('%s', async (args, example) => {
    const { status, stderr } = await cryptopolicy(...args)
    expect(status).toBe(64)
    expect(stderr).toContain(`\nhint: for instance: ${example}`)
  })

  test.each([
    [['explain', 'AES-128-CBC'], 'for instance: cryptopolicy explain --value AES-128-CBC'],
    [['explain', 'prime256v1'], 'for instance: cryptopolicy explain --value prime256v1'],
    [['explain', 'DEFAULT'], 'for instance: --scope ssh --value AES-128-CBC'],
    [['explain', 'NONE-SUCH'], 'for instance: --scope ssh --value AES-128-CBC'],
    [['explain'], 'for instance: --scope ssh --value AES-128-CBC'],
    [
      ['explain', '--group', 'P-256'],
      'whose: cryptopolicy explain --priority @SYSTEM --group P-256, or --app NAME --group P-256',
    ],
    [['plan', 'FUTURE'], 'name the policy so: cryptopolicy plan --set POLICY'],
  ])('%s', async (args, hint) => {
    const { status, stderr } = await cryptopolicy(...args)
    expect(status).toBe(64)
    expect(stderr).toMatch(new RegExp(`\\nhint: ${hint}\\n$`))
  })

  test.each([
    [['explain', '--priority', 'NORMAL', '--suite', ''], /^hint: for instance TLS_AES_128_GCM_/m],
    [['explain', 'DEFAULT', '--value', '+NOPEQQQ'], /^hint: for instance AES-256-GCM, /m],
    [['list', 'NORMAL:+NOPE'], /^hint: for instance \+AES-256-GCM or \+VERS-TLS1\.3$/m],
    [['list', 'NORMAL:%QQQQ'], /^hint: known are %COMPAT, /m],
    [
      ['pki', 'issue', 'server', '/nowhere', '--dns', 'bad_host!'],
      /^hint: .* as host\.example\.com$/m,
    ],
    [['pki', 'issue', 'server', '/nowhere', '--ip', '!'], /^hint: for instance 192\.0\.2\.7 or /m],
  ])('%s, where no name is near', async (args, hint) => {
    expect((await cryptopolicy(...args)).stderr).toMatch(hint)
  })

  test('update-policies FUTURE', async () => {
    const outcome = await new Host().updateInProcess(['FUTURE'])
    expect(outcome.status).toBe(2)
    expect(outcome.stderr).toMatch(/\nhint: to set a policy: update-policies --set POLICY\n$/)
  })
})

test.each([
  ['@SYSTEM', '@SYSTEM'],
  ['admin:hunter2@host', '***@HOST'],
  ['a@b:hunter2@host', '***@B'],
])(
  'a wrong name of a policy is shown as it was typed, without a password: %s',
  async (name, shown) => {
    const { stderr } = await cryptopolicy('show', name)
    expect(stderr).toContain(`: \`${shown}\` is not a policy name`)
    expect(stderr).not.toMatch(/hunter2/i)
  },
)

test('explain without a policy answers for the configured one', async () => {
  const env = { base_dir: scratchFolder() }
  mkdirSync(join(env.base_dir, 'local.d'))
  writeFiles(env.base_dir, { config: 'FIPS:OSPP\n' })
  const args = ['explain', '--property', 'min_rsa_size']
  const { status, stdout, stderr } = await runInProcess(args, { env })
  expect([status, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(/^min_rsa_size of FIPS:OSPP is 3072:\n/)
})

test('explain says where a value that is off is named for other scopes', async () => {
  const untouched = await cryptopolicy('explain', 'DEFAULT', '--value', 'TLSv1.3')
  expect(untouched.stdout).toBe(
    'TLS1.3 is off in protocol of DEFAULT: no line of the policy touches it\n',
  )
  expect(untouched.stderr).toContain('--all shows them, and --scope asks for one')
  const asked = await cryptopolicy('explain', 'DEFAULT', '--value', 'TLSv1.3', '--scope', 'tls')
  expect(asked.stdout).toContain('TLS1.3 is on')
  expect(asked.stderr).toBe('')
  expect((await cryptopolicy('explain', 'DEFAULT', '--value', 'IDEA-CFB')).stderr).toBe('')
})

describe('explain knows what others call things', () => {
  test.each([
    ['P-256', 'SECP256R1'],
    ['prime256v1', 'SECP256R1'],
    ['X25519MLKEM768', 'MLKEM768-X25519'],
    ['ffdhe2048', 'FFDHE-2048'],
    ['TLSv1.3', 'TLS1.3'],
    ['TLSv1', 'TLS1.0'],
    ['SHA256', 'SHA2-256'],
    ['SHA-1', 'SHA1'],
    ['SHA1', 'SHA1'],
    ['MD5', 'MD5'],
    ['RSA+SHA256', 'RSA-SHA2-256'],
    ['rsa_pss_rsae_sha256', 'RSA-PSS-RSAE-SHA2-256'],
    ['chacha20-poly1305@openssh.com', 'CHACHA20-POLY1305'],
    ['ssh-ed25519', 'EDDSA-ED25519'],
  ])('--value %s is %s', async (word, name) => {
    const { stdout, stderr } = await cryptopolicy('explain', 'DEFAULT', '--value', word)
    expect(stdout.split(' ')[0], stderr).toBe(name)
  })

  test('a suite is no value of a policy, and the hint says what to ask', async () => {
    const args = ['explain', 'DEFAULT', '--value', 'ECDHE-RSA-AES128-GCM-SHA256']
    const { status, stderr } = await cryptopolicy(...args)
    expect(status).toBe(64)
    expect(stderr).toContain('--suite ECDHE-RSA-AES128-GCM-SHA256')
  })

  test.each([
    ['--group', 'P-256', 'SECP256R1'],
    ['--protocol', 'TLSv1.2', 'TLS1.2'],
    ['--sign', 'RSA-PSS+SHA256', 'RSA-PSS-RSAE-SHA256'],
    ['--sign', 'ECDSA+SHA384', 'ECDSA-SHA384'],
    ['--suite', 'ECDHE-RSA-AES128-GCM-SHA256', 'TLS_ECDHE_RSA_AES_128_GCM_SHA256'],
  ])('%s %s is %s', async (option, word, name) => {
    const { stdout, stderr } = await cryptopolicy('explain', '--priority', 'NORMAL', option, word)
    expect(stdout.split(' ')[0], stderr).toBe(name)
  })
})

describe('the configuration of this host', () => {
  test('/dev/null is the way to have none, without a warning', async () => {
    const env = { GNUTLS_SYSTEM_PRIORITY_FILE: '/dev/null' }
    const { status, stderr } = await runInProcess(['list', 'NORMAL'], { env })
    expect([status, stderr]).toEqual([0, ''])
    expect(await cryptopolicy('list', 'NORMAL', '--config', '/dev/null')).toMatchObject({
      ...{ status: 0, stderr: '' },
    })
    expect((await cryptopolicy('resolve', '@SYSTEM', '--config', '/dev/null')).status).toBe(66)
  })

  testWith('gnutls-cli', 'without --gnutls the installed release is meant', async () => {
    const args = ['-l', '--priority', 'NORMAL']
    expect((await cryptopolicy('list', '--config', '/dev/null', 'NORMAL')).stdout).toBe(
      runFile('gnutls-cli', args, {
        env: { GNUTLS_SYSTEM_PRIORITY_FILE: '/dev/null', LC_ALL: 'C' },
      }).stdout,
    )
  })

  // The tests may not write to /etc, so they get one of their own.
  const isDebian = existsSync('/etc/debian_version') && process.getuid?.() === 0
  testWith('unshare', 'the file that GnuTLS of this host reads by itself is looked at', () => {
    if (!isDebian) return
    const etc = scratchFolder()
    runFile('cp', ['-a', '/etc/.', etc])
    writeFiles(etc, { 'gnutls/config': '[priorities]\nSYSTEM=NORMAL:-VERS-TLS1.2\n' })
    const inside = (command: string) =>
      runFile('unshare', ['--mount', 'sh', '-euc', `mount --bind ${etc} /etc; ${command}`])
    const list = inside(`${LAUNCHER} list @SYSTEM`)
    expect(list.stdout).toBe(inside('LC_ALL=C gnutls-cli -l --priority @SYSTEM').stdout)
    expect(list.stderr).toBe('')
    const { host, resolved } = resultOf(inside(`${LAUNCHER} resolve --json @SYSTEM`).stdout)
    expect([host.reads, resolved.location.file]).toEqual(Array(2).fill('/etc/gnutls/config'))
    mkdirSync(join(etc, 'crypto-policies/back-ends'), { recursive: true })
    writeFiles(etc, { 'crypto-policies/back-ends/gnutls.config': 'SYSTEM=NONE\n' })
    expect(inside(`${LAUNCHER} resolve @SYSTEM`)).toMatchObject({
      stdout: 'NORMAL:-VERS-TLS1.2\n',
      stderr: expect.stringContaining('warning[CONFIG_OTHER_FILE]'),
    })
  })
})

test('--app takes any name, and says what is not known of it', async () => {
  const env = { GNUTLS_SYSTEM_PRIORITY_FILE: '/dev/null' }
  const { status, stdout, stderr } = await runInProcess(['resolve', '--app', 'foo'], { env })
  expect([status, stdout]).toEqual([0, 'NORMAL\n'])
  expect(stderr).toContain('--app-config FILE:KEY')
  const built = ['resolve', '--app', 'foo', '--built-in', 'PFS']
  expect((await runInProcess(built, { env })).stdout).toBe('PFS\n')
})

test.each<[readonly string[], boolean]>([
  [['--app', 'foo'], true],
  [['--app', 'libvirt'], false],
  [['--app', 'libvirt', '--built-in', ''], false],
  [['--app', 'foo', 'PFS'], false],
  [['--app', 'foo', '--built-in', 'PFS'], false],
  [['--app', 'foo', '--app-config', 'CONFIG:priority'], false],
])('resolve %j says that nothing is known of the program: %j', async (args, isSaid) => {
  const folder = scratchFolder()
  writeFiles(folder, { 'foo.conf': 'priority = "PFS"\n', 'gnutls.config': 'LIBVIRT=NORMAL\n' })
  const words = args.map((word) => word.replace('CONFIG', join(folder, 'foo.conf')))
  const config = ['--config', join(folder, 'gnutls.config'), '--app-dir', folder]
  const { status, stderr } = await cryptopolicy('resolve', ...words, ...config)
  expect([status, stderr.includes('is not known: --app-config')]).toEqual([0, isSaid])
})

test('explain points to lines for other scopes only where there are any', async () => {
  const folder = scratchFolder()
  writeFiles(folder, { 'policies/OURS.pol': 'cipher@ssh = AES-256-GCM\n' })
  const explained = async (value: string) =>
    (await cryptopolicy('explain', 'OURS', '--value', value, '--base-dir', folder)).stderr
  expect(await explained('AES-256-GCM')).toContain('--all shows them')
  expect(await explained('SHA2-256')).toBe('')
})

test('an argument that names modules alone is told as it was typed', async () => {
  const { stderr } = await cryptopolicy('show', ':NO-SHA1')
  expect(stderr).toContain('error[POLICY_NO_NAME]: `:NO-SHA1` names no policy\n')
  expect(stderr).toContain('hint: begin with the name of a policy, as in DEFAULT:NO-SHA1\n')
  const folder = scratchFolder()
  writeFiles(folder, { config: '\n:NO-SHA1\n' })
  const configured = await cryptopolicy('show', '--base-dir', folder)
  expect(configured.stderr).toContain(`error[POLICY_NO_NAME]: ${join(folder, 'config')} names`)
  expect(configured.stderr).toContain('hint: write DEFAULT into it')
})

test.each([
  [['show', '--help', '--json'], /^Usage: cryptopolicy show /],
  [['--version', '--json'], /^\d+\.\d+\.\d+\n$/],
])('%j prints what was asked for, and no result', async (args, printed) => {
  const { status, stdout, stderr } = await cryptopolicy(...args)
  expect([status, stdout, stderr]).toEqual([0, expect.stringMatching(printed), ''])
  expect(stdout).not.toContain('"schema"')
})

test('--debug prints where an error comes from, and the error as ever', async () => {
  const usual = await cryptopolicy('show', 'NOPE')
  const { status, stderr } = await cryptopolicy('show', 'NOPE', '--debug')
  expect(status).toBe(usual.status)
  expect(stderr.endsWith(usual.stderr)).toBe(true)
  expect(stderr.slice(0, -usual.stderr.length)).toMatch(/\n {4}at /)
  expect(usual.stderr).not.toMatch(/\n {4}at /)
})

test.each<[unknown, number, RegExp]>([
  [new Error('broken'), 70, /^error\[INTERNAL\]: the program failed: broken\nhint: .*--debug/],
  ['broken', 70, /^error\[INTERNAL\]: the program failed: broken\n/],
  [Object.assign(new Error('x'), { code: 'EMFILE' }), 69, /^error\[OUT_OF_DESCRIPTORS\]/],
])('a run that fails with %s says so, with a status of its own', async (error, status, said) => {
  const output = new CaughtOutput()
  const run = () => runToExit(() => Promise.reject(error))
  expect(await output.catching(run)).toBe(status)
  expect([output.text(1), output.text(2)]).toEqual(['', expect.stringMatching(said)])
})

test.each([
  [['show', '--', '--json'], ''],
  [['show', '--', 'A', 'B', '--json'], ''],
  [['show', 'A', 'B', '--json'], '{'],
])('%j: an option is one only before --', async (args, begin) => {
  const { stdout } = await cryptopolicy(...args)
  expect(stdout.slice(0, 1)).toBe(begin)
})

test.each([
  [['list', '--confg', 'x'], 'did you mean --config?'],
  [['pki', 'issue', 'servr', '/nowhere', '--dns', 'x'], 'did you mean server?'],
  [['nbd', 'info', '--tls', 'optinal', 'nbd:x'], 'did you mean optional?'],
  [['list', '--zzz'], 'see cryptopolicy list --help'],
  [['nbd', 'cpoy'], 'did you mean copy?'],
  [['help', 'shwo'], 'did you mean show?'],
  [['help', 'nbd', 'zzzzzz'], 'known are '],
  [['nbd'], 'see cryptopolicy nbd --help'],
])('%j: the hint says what is near, or where to look', async (args, hint) => {
  expect((await cryptopolicy(...args)).stderr.toLowerCase()).toContain(
    `\nhint: ${hint.toLowerCase()}`,
  )
})

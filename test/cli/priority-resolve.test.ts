import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Outcome, ROOT, run, runFile, scratchFolder, writeFiles } from './command.ts'
import { runInProcess } from './in-process.ts'
import { resultOf } from './json-output.ts'

const CONFIG = [
  '[global]',
  'override-mode = allowlist',
  '[overrides]',
  'tls-enabled-cipher = AES-256-GCM',
  'tls-enabled-mac = AEAD',
  'tls-enabled-group = X25519',
  'secure-sig = RSA-PSS-RSAE-SHA256',
  'enabled-version = TLS1.3',
  '[priorities]',
  'SYSTEM=NONE',
  'LIBVIRT=NORMAL:-VERS-TLS1.2',
  '',
].join('\n')

const SYSTEM = 'NONE:+GROUP-X25519:+AES-256-GCM:+AEAD:+SIGN-RSA-PSS-RSAE-SHA256:+VERS-TLS1.3'

/** A folder with a configuration, and the files of applications. */
function host(files: Readonly<Record<string, string>> = {}): string {
  const folder = scratchFolder()
  writeFiles(folder, { 'back-ends/gnutls.config': CONFIG, ...files })
  return folder
}

function resolve(folder: string, args: readonly string[]): Promise<Outcome> {
  return runInProcess(['resolve', '--base-dir', folder, ...args])
}

describe('a string', () => {
  test('prints what the application gets and nothing else', async () => {
    expect(await resolve(host(), ['@LIBVIRT,SYSTEM:+RSA'])).toEqual({
      status: 0,
      stdout: 'NORMAL:-VERS-TLS1.2:+RSA\n',
      stderr: '',
    })
  })

  test('builds SYSTEM from the overrides of an allowlist', async () => {
    expect((await resolve(host(), ['@QEMU,SYSTEM'])).stdout).toBe(`${SYSTEM}\n`)
  })

  test('looks in --config, then the environment, then the base directory', async () => {
    const folder = host({ 'a.config': 'X=PFS\n', 'b.config': 'X=SECURE128\n' })
    const env = { GNUTLS_SYSTEM_PRIORITY_FILE: join(folder, 'b.config') }
    const args = ['resolve', '--base-dir', folder, '@X,LIBVIRT']
    const first = await runInProcess([...args, '--config', join(folder, 'a.config')], { env })
    expect(first.stdout).toBe('PFS\n')
    expect((await runInProcess(args, { env })).stdout).toBe('SECURE128\n')
    expect((await runInProcess(args)).stdout).toBe('NORMAL:-VERS-TLS1.2\n')
  })

  test('explains which keyword was asked, which one hit, where, and what is not there', async () => {
    const folder = host()
    const { stdout } = await resolve(folder, ['--explain', '@FOO,LIBVIRT,SYSTEM'])
    const file = join(folder, 'back-ends/gnutls.config')
    expect(stdout.split('\n')).toEqual([
      '@FOO,LIBVIRT,SYSTEM is looked up:',
      expect.stringMatching(/^ {3}FOO .*gnutls\.config +not in the file$/),
      expect.stringContaining(`>  LIBVIRT  ${file}:11:9`),
      expect.stringMatching(/^ {3}SYSTEM .*passed over \(built from \[overrides\]\)/),
      expect.stringMatching(/^by default GnuTLS of this host .* reads \/|^no GnuTLS is installed/),
      'NORMAL:-VERS-TLS1.2',
      '',
    ])
  })

  test('gives the same as JSON', async () => {
    const { stdout } = await resolve(host(), ['--json', '@FOO,LIBVIRT'])
    expect(resultOf(stdout)).toMatchObject({
      resolved: {
        given: '@FOO,LIBVIRT',
        text: 'NORMAL:-VERS-TLS1.2',
        key: 'LIBVIRT',
        location: { file: expect.stringMatching(/gnutls\.config$/), line: 11, column: 9 },
      },
      chain: [
        { name: 'FOO', state: 'absent' },
        { name: 'LIBVIRT', state: 'wins' },
      ],
    })
  })

  test('warns of a keyword within the string that it prints, which GnuTLS refuses', async () => {
    const config = `${CONFIG}VNC=@SYSTEM:-RSA\n`
    const folder = host({ 'back-ends/gnutls.config': config })
    const { status, stdout, stderr } = await resolve(folder, ['@VNC,SYSTEM'])
    expect([status, stdout]).toEqual([0, '@SYSTEM:-RSA\n'])
    expect(stderr).toMatch(/gnutls\.config:12:5: warning\[PRIORITY_NESTED_KEYWORD\]: `@SYSTEM`/)
  })

  test('says which keywords are missing where, and what to ask for instead', async () => {
    const { status, stdout, stderr } = await resolve(host(), ['@FOO,BAR'])
    expect([status, stdout]).toEqual([66, ''])
    expect(stderr).toMatch(
      /error\[PRIORITY_UNRESOLVED\]: .*gnutls\.config defines none of `FOO`, `BAR`/,
    )
    expect(stderr).toContain('as in @FOO,BAR,SYSTEM')
  })

  test('says that the file does not exist where it is the reason', async () => {
    const { status, stderr } = await resolve(scratchFolder(), ['@SYSTEM'])
    expect(status).toBe(66)
    expect(stderr).toMatch(/does not exist, so nothing defines `SYSTEM`/)
    expect(stderr).toMatch(/hint: run update-policies .*NORMAL/)
  })

  test('refuses a --config that does not exist, and wrong usage', async () => {
    expect((await resolve(host(), ['--config', '/nonexistent', 'NORMAL'])).status).toBe(66)
    expect((await resolve(host(), [])).status).toBe(64)
    expect((await resolve(host(), ['--gnutls', '1.0', 'NORMAL'])).status).toBe(64)
    expect((await resolve(host(), ['--app-config', 'nothing'])).status).toBe(64)
  })
})

test('is the same program where nothing but node starts it', () => {
  const folder = host()
  const args = ['resolve', '--base-dir', folder, '--explain', '@FOO,LIBVIRT:+RSA']
  const direct = [join(ROOT, 'dist', 'cryptopolicy.cjs'), ...args]
  expect(runFile(process.execPath, direct)).toEqual(run('cryptopolicy', args))
})

describe('an application', () => {
  const unset = '# tls_priority="NORMAL"\nlisten_tls = 1\n'

  test('takes an explicit string of its own configuration first', async () => {
    const folder = host({
      'etc/libvirtd.conf': `${unset}tls_priority="PFS" # ours\n`,
      'etc/virtproxyd.conf': 'tls_priority = "NORMAL"\n',
    })
    const args = ['--app', 'libvirt', '--app-dir', join(folder, 'etc')]
    const { stdout, stderr } = await resolve(folder, args)
    expect(stdout).toBe('PFS\n')
    expect(stderr).toMatch(/^> {2}libvirtd\.conf tls_priority .*libvirtd\.conf:3:15 +wins: PFS$/m)
    expect(stderr).toMatch(/virtproxyd\.conf tls_priority .*passed over: NORMAL$/m)
    expect(stderr).toMatch(/built in +passed over: @LIBVIRT,SYSTEM$/m)
  })

  test('of libvirt is read as libvirt reads it', async () => {
    const text = 'note = """\ntls_priority = "NONE"\n"""\nlist = [\n "a"]; tls_priority = "PFS"\n'
    const folder = host({ 'etc/libvirtd.conf': text })
    const args = ['--app', 'libvirt', '--quiet', '--app-dir', join(folder, 'etc')]
    expect((await resolve(folder, args)).stdout).toBe('PFS\n')
  })

  test.each(['tls_priority = PFS\n', 'tls_priority = 5\n'])(
    'of libvirt would not start: %j',
    async (text) => {
      const folder = host({ 'etc/libvirtd.conf': text })
      const args = ['--app', 'libvirt', '--app-dir', join(folder, 'etc')]
      const { status, stdout, stderr } = await resolve(folder, args)
      expect([status, stdout]).toEqual([65, ''])
      expect(stderr).toMatch(/libvirtd\.conf:1:16: error\[FILE_LIBVIRT_SYNTAX\]: .*text in quotes/)
    },
  )

  test.each([
    ['libvirt', 'NORMAL:-VERS-TLS1.2'],
    ['qemu', SYSTEM],
  ])(
    '%s asks for its own keyword, then SYSTEM, unless its configuration says otherwise',
    async (app, text) => {
      const folder = host({ 'etc/libvirtd.conf': unset })
      const args = ['--app', app, '--app-dir', join(folder, 'etc'), '--quiet']
      expect(await resolve(folder, args)).toEqual({ status: 0, stdout: `${text}\n`, stderr: '' })
    },
  )

  test('of an older system has another string built in', async () => {
    const args = ['--app', 'libvirt', '--quiet', '--app-dir', '/nonexistent', '--built-in']
    expect((await resolve(host(), [...args, '@SYSTEM'])).stdout).toBe(`${SYSTEM}\n`)
    expect((await resolve(host(), [...args, 'NORMAL'])).stdout).toBe('NORMAL\n')
  })

  test('of QEMU can be started with a string', async () => {
    const { stdout, stderr } = await resolve(host(), ['--app', 'qemu', '@LIBVIRT'])
    expect(stdout).toBe('NORMAL:-VERS-TLS1.2\n')
    expect(stderr).toMatch(/given .*asks: @LIBVIRT$/m)
  })

  test('of any name writes its string where it is told', async () => {
    const folder = host({ 'tlshd.conf': "[authenticate]\npriority = '@SYSTEM:-RSA'\n" })
    const named = await resolve(folder, [
      '-q',
      '--app-config',
      `${join(folder, 'tlshd.conf')}:priority`,
    ])
    expect(named.stdout).toBe(`${SYSTEM}:-RSA\n`)
    const other = await resolve(folder, ['--app-config', `${join(folder, 'tlshd.conf')}:other`])
    expect(other.stdout).toBe(`${SYSTEM}\n`)
    expect(other.stderr).toMatch(/tlshd\.conf other .*not set$/m)
    expect(other.stderr).toMatch(/library default +asks: @SYSTEM$/m)
  })
})

test('reads what a client of libvirt reads: of root in /etc, of users in their own folder', () => {
  const home = scratchFolder()
  writeFiles(home, {
    '.config/libvirt/libvirt.conf': 'tls_priority = "NORMAL:-VERS-TLS1.2"\n',
    'xdg/libvirt/libvirt.conf': 'tls_priority = "SECURE256"\n',
  })
  const args = ['resolve', '--app', 'libvirt-client']
  const asUser = (env: Readonly<Record<string, string>>) =>
    runFile(
      'setpriv',
      [
        '--reuid=65534',
        '--regid=65534',
        '--clear-groups',
        join(ROOT, 'bin', 'cryptopolicy'),
        ...args,
      ],
      { env: { HOME: home, ...env } },
    )
  runFile('chmod', ['-R', 'a+rX', home])
  expect(asUser({}).stdout).toBe('NORMAL:-VERS-TLS1.2\n')
  expect(asUser({ XDG_CONFIG_HOME: join(home, 'xdg') }).stdout).toBe('SECURE256\n')
  const named = run('cryptopolicy', [...args, '--app-dir', join(home, 'xdg', 'libvirt')])
  expect(named.stdout).toBe('SECURE256\n')
})

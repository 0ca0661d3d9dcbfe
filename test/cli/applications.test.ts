import {
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { expect, test } from 'vitest'
import { ROOT, scratchFolder, writeFiles } from './command.ts'
import { Host } from './host.ts'
import { parseEnvelope, resultOf } from './json-output.ts'

const STRICT = 'key_exchange = -RSA -DHE-RSA\nprotocol@TLS = -TLS1.2 -DTLS1.2\n'

function stringOf(host: Host, keyword: string): string | undefined {
  const lines = host.read('back-ends', 'gnutls.config').split('\n')
  return lines.find((line) => line.startsWith(`${keyword}=`))
}

test('a policy of an application is compiled with the system policy', async () => {
  const host = new Host({ 'applications/web.pmod': STRICT })
  await host.setInProcess('DEFAULT')
  const string = stringOf(host, 'WEB')
  expect(string).toContain('NONE:+VERS-TLS1.3:')
  expect(string).not.toContain('VERS-TLS1.2')
  const { status, stdout } = await host.updateInProcess(['--check'])
  expect([status, stdout]).toEqual([0, 'The configured policy matches the generated policy\n'])
})

test('without an application policy every file is what it was', async () => {
  const bare = new Host()
  await bare.setInProcess('DEFAULT')
  const emptied = new Host({ 'applications/web.pmod': '' })
  await emptied.setInProcess('DEFAULT')
  expect(emptied.visible()).toEqual(bare.visible())
})

test('it follows the system policy', async () => {
  const host = new Host({ 'applications/web.pmod': STRICT })
  await host.setInProcess('LEGACY')
  const before = stringOf(host, 'WEB')
  await host.setInProcess('FUTURE')
  expect(before).toContain(':+AES-128-GCM')
  expect(stringOf(host, 'WEB')).not.toContain(':+AES-128-GCM')
})

test('its other back-ends have files of their own, which go with it', async () => {
  const text = `# %back_ends=openssl, java, nginx, node\n${STRICT}`
  const host = new Host({ 'applications/web.pmod': text })
  await host.setInProcess('DEFAULT')
  const folder = ['back-ends', 'applications', 'web'] as const
  expect(host.read(...folder, 'openssl.config')).toContain('MinProtocol = TLSv1.3\n')
  expect(host.read(...folder, 'java.config')).toContain('jdk.tls.disabledAlgorithms=')
  expect(host.read(...folder, 'nginx.config')).toContain('ssl_protocols TLSv1.3;\n')
  expect(JSON.parse(host.read(...folder, 'node.json'))).toMatchObject({ minVersion: 'TLSv1.3' })
  expect(stringOf(host, 'WEB')).toBeUndefined()
  rmSync(host.path('applications', 'web.pmod'))
  await host.setInProcess('DEFAULT')
  expect(existsSync(host.path('back-ends', 'applications'))).toBe(false)
  expect((await host.updateInProcess(['--check'])).status).toBe(0)
})

test('real folders of a distribution stay, and lead to the files of applications', async () => {
  const host = new Host({
    'back-ends/gnutls.config': 'old\n',
    'state/current': 'DEFAULT\n',
    'applications/web.pmod': `# %back_ends=gnutls,nginx\n${STRICT}`,
  })
  await host.setInProcess('DEFAULT')
  expect(lstatSync(host.path('back-ends')).isDirectory()).toBe(true)
  expect(host.read('back-ends', 'applications', 'web', 'nginx.config')).toContain('TLSv1.3')
  expect((await host.updateInProcess(['--check'])).status).toBe(0)
  rmSync(host.path('applications', 'web.pmod'))
  await host.setInProcess('FUTURE')
  expect(lstatSync(host.path('back-ends', 'applications'), { throwIfNoEntry: false })).toBe(
    undefined,
  )
})

test('a folder of another program in its place is left alone', async () => {
  const host = new Host({
    'back-ends/applications/theirs': 'theirs\n',
    'state/current': 'DEFAULT\n',
    'applications/web.pmod': `# %back_ends=nginx\n${STRICT}`,
  })
  const { status, stderr } = await host.updateInProcess(['--set', 'DEFAULT'])
  expect(status).toBe(1)
  expect(stderr).toContain('STORE_NOT_OURS')
  expect(host.read('back-ends', 'applications', 'theirs')).toBe('theirs\n')
})

test('more than the system policy allows is refused, with the line and the values', async () => {
  const host = new Host({ 'applications/web.pmod': 'cipher = +RC4-128\nmin_rsa_size = 1024\n' })
  const { status, stderr } = await host.updateInProcess(['--set', 'DEFAULT'])
  expect(status).toBe(1)
  expect(stderr).toContain('web.pmod:1:10: error[APPLICATION_EXCEEDS]')
  expect(stderr).toContain('web allows cipher RC4-128, and DEFAULT does not (for gnutls)')
  expect(stderr).toContain('min_rsa_size = 1024 in place of 2048')
  expect(existsSync(host.path('back-ends'))).toBe(false)
})

test('a pragma allows more, and is told each time', async () => {
  const text = '# %may_exceed_system_policy=true\ncipher = +AES-256-CBC\n'
  const host = new Host({ 'applications/web.pmod': text })
  for (const policy of ['FUTURE', 'FUTURE']) {
    const { status, stderr } = await host.updateInProcess(['--set', policy])
    expect(status).toBe(0)
    expect(stderr).toContain('warning[APPLICATION_EXCEEDS]')
    expect(stderr).not.toContain('to allow it on purpose')
  }
})

test('a mistake stops the switch and names its line', async () => {
  const host = new Host()
  await host.setInProcess('DEFAULT')
  const before = host.visible()
  host.write({ 'applications/web.pmod': '# %kyeword=WEB\ncipher = AES-257-GCM\n' })
  const { status, stderr } = await host.updateInProcess(['--set', 'FUTURE'])
  expect(status).toBe(1)
  expect(stderr).toContain('web.pmod:1:1: error[APPLICATION_UNKNOWN_PRAGMA]')
  expect(stderr).toContain('did you mean keyword?')
  expect(stderr).toContain('web.pmod:2:10: error[POLICY_UNKNOWN_ALGORITHM]')
  expect(host.visible()).toEqual(before)
  expect(host.read('config')).toBe('DEFAULT\n')
})

test('one keyword belongs to one application', async () => {
  const host = new Host({
    'applications/a.pmod': '# %keyword=SAME\n',
    'applications/b.pmod': '# %keyword=SAME\n',
  })
  const { status, stderr } = await host.updateInProcess(['--set', 'DEFAULT'])
  expect(status).toBe(1)
  expect(stderr).toContain('b.pmod:1:1: error[APPLICATION_SAME_KEYWORD]')
  expect(stderr).toContain(host.path('applications', 'a.pmod'))
})

test('a raw string of the same keyword is a conflict, told with both places', async () => {
  const host = new Host({
    'applications/libvirt.pmod': STRICT,
    'local.d/gnutls-libvirt.config': 'LIBVIRT=NORMAL\n',
  })
  const { status, stderr } = await host.updateInProcess(['--set', 'DEFAULT'])
  expect(status).toBe(1)
  expect(stderr).toContain('error[APPLICATION_RAW_STRING]')
  expect(stderr).toContain('gnutls-libvirt.config:1:9')
  host.write({ 'applications/libvirt.pmod': `# %drop_in_wins=true\n${STRICT}` })
  const again = await host.updateInProcess(['--set', 'DEFAULT'])
  expect(again.status).toBe(0)
  expect(again.stderr).toContain('warning[APPLICATION_RAW_STRING_WINS]')
  expect(stringOf(host, 'LIBVIRT')).toBe('LIBVIRT=NORMAL')
})

test('shipped policies are enabled and disabled by name', async () => {
  const host = new Host()
  await host.setInProcess('DEFAULT')
  expect(stringOf(host, 'LIBVIRT')).toBeUndefined()
  const enabled = await host.updateInProcess(['--enable-application', 'libvirt'])
  expect(enabled.status).toBe(0)
  expect(stringOf(host, 'LIBVIRT')).toContain('+VERS-TLS1.3:+VERS-TLS1.2:+AEAD:+GROUP')
  expect(readlinkSync(host.path('applications', 'libvirt.pmod'))).toBe(
    `${ROOT}/applications/libvirt.pmod`,
  )
  const { applications } = resultOf(
    (await host.updateInProcess(['--list-applications', '--json'])).stdout,
  )
  expect(applications).toMatchObject([
    { name: 'libvirt', state: 'enabled', keyword: 'LIBVIRT' },
    { name: 'qemu', state: 'not enabled', keyword: 'QEMU' },
  ])
  expect((await host.updateInProcess(['--disable-application', 'libvirt'])).status).toBe(0)
  expect(stringOf(host, 'LIBVIRT')).toBeUndefined()
  expect(existsSync(host.path('applications', 'libvirt.pmod'))).toBe(false)
})

test('a misspelt name is told', async () => {
  const { status, stdout } = await new Host().updateInProcess([
    '--enable-application',
    'libvrit',
    '--json',
  ])
  expect(status).toBe(1)
  expect(parseEnvelope(stdout).diagnostics).toMatchObject([
    { code: 'APPLICATION_NOT_FOUND', hint: 'did you mean libvirt?' },
  ])
})

test('a file of the administrator is put aside and comes back', async () => {
  const host = new Host({ 'applications/web.pmod': STRICT })
  await host.setInProcess('DEFAULT')
  expect((await host.updateInProcess(['--disable-application', 'web'])).status).toBe(0)
  expect(stringOf(host, 'WEB')).toBeUndefined()
  expect(host.read('applications', 'web.pmod.disabled')).toBe(STRICT)
  expect((await host.updateInProcess(['--enable-application', 'web'])).status).toBe(0)
  expect(stringOf(host, 'WEB')).toContain('NONE:')
  expect(existsSync(host.path('applications', 'web.pmod.disabled'))).toBe(false)
})

function profileWith(files: Readonly<Record<string, string>>): string {
  const profile = scratchFolder()
  writeFiles(profile, { 'policies/OURS.pol': 'cipher = AES-256-GCM\n', ...files })
  return profile
}

test('a shipped policy may be enabled by default, and is masked by an empty file or a link', async () => {
  const profile = profileWith({ 'applications/web.pmod': 'hash = -SHA1\n' })
  const host = new Host({}, profile)
  await host.setInProcess('OURS')
  expect(stringOf(host, 'WEB')).toBeDefined()
  expect((await host.updateInProcess(['--disable-application', 'web'])).status).toBe(0)
  expect(readlinkSync(host.path('applications', 'web.pmod'))).toBe('/dev/null')
  expect(stringOf(host, 'WEB')).toBeUndefined()
  expect((await host.updateInProcess(['--enable-application', 'web'])).status).toBe(0)
  expect(stringOf(host, 'WEB')).toBeDefined()
  rmSync(host.path('applications', 'web.pmod'))
  writeFileSync(host.path('applications', 'web.pmod'), '')
  await host.setInProcess('OURS')
  expect(stringOf(host, 'WEB')).toBeUndefined()
})

test('a name that leads out of the folder is refused', async () => {
  const host = new Host({ 'x.pmod.disabled': 'hash = -SHA1\n' })
  await host.setInProcess('DEFAULT')
  const { status, stderr } = await host.updateInProcess(['--enable-application', '../x'])
  expect([status, stderr.includes('[APPLICATION_BAD_NAME]')]).toEqual([1, true])
  expect(existsSync(host.path('x.pmod.disabled'))).toBe(true)
})

test('where nothing is left to negotiate, the reason is told', async () => {
  const text = '# %back_ends=nginx\nprotocol@TLS = -TLS1.3 -TLS1.2\n'
  const host = new Host({ 'applications/web.pmod': text })
  const { status, stderr } = await host.updateInProcess(['--set', 'DEFAULT'])
  expect(status).toBe(0)
  expect(stderr).toMatch(/web can negotiate nothing with nginx: .+/)
  expect(existsSync(host.path('back-ends', 'applications'))).toBe(false)
})

test('what a server cannot be told is told with the reason', () => {
  const text = '# %back_ends=dovecot\nprotocol@TLS = -TLS1.3\n'
  const host = new Host({ 'applications/mail.pmod': text })
  const { status, stderr } = host.update(['--set', 'DEFAULT'])
  expect(status).toBe(0)
  expect(stderr).toMatch(
    /mail can negotiate nothing with Dovecot: .*TLS1\.2: TLS1\.3 cannot be switched off/,
  )
  expect(existsSync(host.path('back-ends', 'applications', 'mail', 'dovecot.config'))).toBe(false)
})

test('a policy that cannot be enabled leaves the folder as it was', async () => {
  const profile = profileWith({
    'applications/web.pmod': '# %enabled_by_default=false\ncipher = +RC4-128\n',
  })
  const host = new Host({}, profile)
  await host.setInProcess('OURS')
  const before = host.visible()
  expect((await host.updateInProcess(['--enable-application', 'web'])).status).toBe(1)
  expect(existsSync(host.path('applications'))).toBe(false)
  expect(host.visible()).toEqual(before)
})

test('a changed file is drift, and its cause is named', async () => {
  const host = new Host({ 'applications/web.pmod': `# %back_ends=gnutls,nginx\n${STRICT}` })
  await host.setInProcess('DEFAULT')
  const path = host.path('applications', 'web.pmod')
  writeFileSync(path, `# %back_ends=gnutls,nginx\n${STRICT}cipher = -AES-128-GCM\n`)
  const { drift } = resultOf((await host.updateInProcess(['--check', '--json'])).stdout)
  expect(drift).toMatchObject([
    { file: 'back-ends/applications/web/nginx.config', cause: 'policy-file', because: [path] },
    { file: 'back-ends/gnutls.config', cause: 'policy-file', because: [path] },
  ])
})

test('nothing hostile in the folder hangs it, or is taken for a policy', async () => {
  const host = new Host()
  await host.setInProcess('DEFAULT')
  const before = host.visible()
  mkdirSync(host.path('applications'))
  const path = host.path('applications', 'web.pmod')
  const cases: readonly (readonly [string, () => void])[] = [
    ['FILE_MISSING', () => symlinkSync('nowhere', path)],
    ['FILE_UNREADABLE', () => symlinkSync('web.pmod', path)],
    ['FILE_NOT_REGULAR', () => mkdirSync(path)],
    ['FILE_TOO_LARGE', () => writeFileSync(path, '#'.repeat(100_000_000))],
    ['FILE_INVALID_UTF8', () => writeFileSync(path, Buffer.from([0x23, 0xff]))],
    ['POLICY_CARRIAGE_RETURN', () => writeFileSync(path, 'hash = -SHA1\r\n')],
  ]
  for (const [code, make] of cases) {
    make()
    const { status, stderr } = await host.updateInProcess(['--set', 'FUTURE'])
    expect([status, stderr.includes(`[${code}]`)], code).toEqual([1, true])
    rmSync(path, { recursive: true })
  }
  expect(host.visible()).toEqual(before)
})

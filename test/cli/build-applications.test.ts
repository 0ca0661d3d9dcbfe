/** Application policies that `cryptopolicy build` compiles: the same files as a switch writes, and the same refusals. */
import { readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { execFileSync } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { type Outcome, ROOT, scratchFolder } from './command.ts'
import { Host } from './host.ts'
import { runInProcess } from './in-process.ts'
import { resultOf } from './json-output.ts'

const POLICIES = join(ROOT, 'policies')

const SHOP = [
  '# %back_ends=gnutls,openssl,java,nginx,apache,haproxy,postfix,dovecot,postgresql,node',
  'cipher@TLS = -AES-128-CBC -AES-256-CBC',
  'key_exchange = -RSA',
  '',
].join('\n')

function build(host: Host, args: readonly string[], out: string): Promise<Outcome> {
  const env = { base_dir: host.base, profile_dir: ROOT }
  return runInProcess(['build', '--no-verify', ...args, POLICIES, out], { env })
}

/** All files below a folder with their texts. */
function filesBelow(folder: string): Readonly<Record<string, string>> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const paths = entries.flatMap((entry) =>
    entry.isFile() ? join(entry.parentPath, entry.name) : [],
  )
  return Object.fromEntries(
    paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]),
  )
}

test('an application gets the files that a switch writes, byte for byte, over each policy', async () => {
  const host = new Host({ 'applications/shop.pmod': SHOP, 'applications/mail.pmod': SHOP })
  for (const policy of ['FUTURE', 'LEGACY:NO-SHA1']) {
    const out = scratchFolder()
    const args = ['--policy', policy, '--applications', 'enabled']
    const { status, stderr } = await build(host, args, out)
    expect(status, stderr).toBe(0)
    await host.setInProcess(policy)
    const built = filesBelow(join(out, policy))
    const written = filesBelow(host.path('back-ends/applications'))
    expect(Object.keys(written)).toHaveLength(18)
    expect(Object.keys(built)).toHaveLength(18 + 13)
    for (const [path, text] of Object.entries(written)) {
      expect(built[`applications/${path}`], path).toBe(text)
    }
    expect(built['gnutls.txt']).toBe(host.read('back-ends/gnutls.config'))
  }
})

test('a policy is compiled by its name whether or not it is enabled, and once', async () => {
  const host = new Host()
  const out = scratchFolder()
  const names = ['--application', 'qemu', '--application', 'libvirt', '--application', 'qemu']
  const { status, stderr } = await build(host, ['--policy', 'DEFAULT', ...names], out)
  expect(status, stderr).toBe(0)
  const lines = readFileSync(join(out, 'DEFAULT/gnutls.txt'), 'utf8').match(/^(LIBVIRT|QEMU)=/gm)
  expect(lines).toEqual(['LIBVIRT=', 'QEMU='])
})

test('all are those that are not masked; the enabled ones are those of a switch', async () => {
  const host = new Host({ 'applications/shop.pmod': SHOP })
  symlinkSync('/dev/null', host.path('applications/qemu.pmod'))
  const keywordsOf = async (...args: readonly string[]) => {
    const out = scratchFolder()
    await build(host, ['--policy', 'DEFAULT', ...args], out)
    return readFileSync(join(out, 'DEFAULT/gnutls.txt'), 'utf8').match(/^[A-Z]+(?==NONE)/gm)
  }
  expect(await keywordsOf('--applications', 'all')).toEqual(['SYSTEM', 'LIBVIRT', 'SHOP'])
  expect(await keywordsOf('--applications', 'enabled')).toEqual(['SYSTEM', 'SHOP'])
  const both = await keywordsOf('--applications', 'enabled', '--application', 'libvirt')
  expect(both).toEqual(['SYSTEM', 'LIBVIRT', 'SHOP'])
  const { status, stderr } = await build(host, ['--application', 'qemu'], scratchFolder())
  expect([status, stderr]).toEqual([expect.any(Number), expect.stringContaining('APPLICATION_')])
  expect(status).not.toBe(0)
})

test.each([
  ['more than the policy allows', { 'applications/x.pmod': 'hash = +MD5\n' }],
  ['a mistake', { 'applications/x.pmod': 'cipher = -NOSUCH\n' }],
  [
    'a keyword of a drop-in',
    { 'applications/x.pmod': '', 'local.d/gnutls-x.config': 'X=NORMAL\n' },
  ],
  ['one keyword for two', { 'applications/x.pmod': '', 'applications/y.pmod': '# %keyword=X\n' }],
])('what stops a switch stops a build: %s', async (_, files) => {
  const meant = Object.entries(files).map(([path, text]) => [
    path,
    text || 'cipher = -AES-128-CBC\n',
  ])
  const host = new Host(Object.fromEntries(meant))
  const refusal = await host.updateInProcess(['--set', 'DEFAULT', '--no-reload'])
  const out = scratchFolder()
  const args = ['--policy', 'DEFAULT', '--applications', 'enabled']
  const { status, stderr } = await build(host, args, out)
  const errorsOf = (text: string) => text.match(/error\[[A-Z_]+\]: .*/g)
  // The exit status of update-policies is that of the reference.
  expect([refusal.status, status]).toEqual([1, 65])
  expect(errorsOf(stderr)).toEqual(errorsOf(refusal.stderr))
  expect(readdirSync(out)).toEqual([])
})

test('an unknown application is told before anything is written', async () => {
  const out = scratchFolder()
  const { status, stderr } = await build(new Host(), ['--application', 'libvrit'], out)
  expect([status, readdirSync(out)]).toEqual([66, []])
  expect(stderr).toContain('error[APPLICATION_NOT_FOUND]')
})

test('a flat folder has one for the applications of each policy, and JSON names the back-ends', async () => {
  const host = new Host({ 'applications/shop.pmod': '# %back_ends=nginx,node\n' })
  const out = scratchFolder()
  const args = ['--flat', '--policy', 'DEFAULT', '--application', 'shop', '--json']
  const built = await build(host, args, out)
  const { files } = resultOf(built.stdout) as {
    files: readonly { backend: string; path: string }[]
  }
  const own = files.filter(({ backend }) => backend.startsWith('applications/'))
  expect(own.map(({ backend, path }) => [backend, path])).toEqual([
    ['applications/shop/nginx', join(out, 'DEFAULT-applications/shop/nginx.config')],
    ['applications/shop/node', join(out, 'DEFAULT-applications/shop/node.json')],
  ])
  const again = await build(host, [...args, '--test'], out)
  const { files: same } = resultOf(again.stdout) as { files: { outcome: string }[] }
  expect(new Set(same.map(({ outcome }) => outcome))).toEqual(new Set(['same']))
})

testWith('gnutls-cli', 'GnuTLS finds the line of an application in either format', async () => {
  const host = new Host({ 'applications/shop.pmod': 'protocol@TLS = -TLS1.2 -DTLS1.2\n' })
  for (const format of ['allowlist', 'legacy']) {
    const out = scratchFolder()
    const args = ['--policy', 'DEFAULT', '--gnutls-format', format, '--application', 'shop']
    await build(host, args, out)
    const env = { ...process.env, GNUTLS_SYSTEM_PRIORITY_FILE: join(out, 'DEFAULT/gnutls.txt') }
    const listed = execFileSync('gnutls-cli', ['--list', '--priority', '@SHOP,SYSTEM'], { env })
    expect(listed).toMatch(/^Protocols: VERS-TLS1\.3$/m)
  }
})

testWith('nginx', 'the programs of applications read what was built', async () => {
  const host = new Host({ 'applications/shop.pmod': SHOP, 'applications/mail.pmod': SHOP })
  const env = { base_dir: host.base, profile_dir: ROOT }
  const args = ['build', '--policy', 'DEFAULT', '--applications', 'enabled', POLICIES]
  const { status, stderr } = await runInProcess([...args, scratchFolder()], { env })
  expect(status).toBe(0)
  expect(stderr).toMatch(/^checked applications\/\*\/nginx with nginx \d/m)
})

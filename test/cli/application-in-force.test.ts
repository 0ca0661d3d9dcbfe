/** What a program gets while the file of its policy is not what was put in force. */
import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { listPriority } from '../backends/gnutls-cli.ts'
import { testWith } from '../peers/peer.ts'
import { ROOT, runFile, scratchFolder, writeFiles } from './command.ts'
import { Host } from './host.ts'
import { runInProcess } from './in-process.ts'

const ONLY_13 = 'protocol@TLS = -TLS1.2 -DTLS1.2\n'

function resolve(host: Host, name: string) {
  return runInProcess(['resolve', '--app', name, '--base-dir', host.base])
}

/** `web` has the keyword X, and WEB is that of another program with a looser policy. */
async function hostWithTwo(): Promise<Host> {
  const host = new Host({
    'applications/web.pmod': `# %keyword=X\n${ONLY_13}`,
    'applications/other.pmod': '# %keyword=WEB\n',
  })
  await host.setInProcess('DEFAULT')
  return host
}

test.each([
  ['removed', (path: string) => rmSync(path)],
  ['broken', (path: string) => writeFileSync(path, 'cipher = AES-257\n')],
  ['given another keyword', (path: string) => writeFileSync(path, '# %keyword=Y\n')],
] as const)('a policy stays in force for its program while its file is %s', async (_, change) => {
  const host = await hostWithTwo()
  change(host.path('applications', 'web.pmod'))
  const { status, stdout } = await resolve(host, 'web')
  expect(status).toBe(0)
  expect(stdout).toMatch(/^NONE:\+VERS-TLS1\.3:\+AEAD/)
})

test('a policy that is broken before it was ever in force is no reason to be looser', async () => {
  const host = new Host({ 'applications/other.pmod': '# %keyword=WEB\n' })
  await host.setInProcess('DEFAULT')
  host.write({ 'applications/web.pmod': '# %keyword=X\ncipher = AES-257\n' })
  const { status, stderr } = await resolve(host, 'web')
  expect([status, stderr.includes('error[POLICY_UNKNOWN_ALGORITHM]')]).toEqual([65, true])
})

test('a file that is brought back is in force by its name', async () => {
  const host = await hostWithTwo()
  expect((await host.updateInProcess(['--disable-application', 'web'])).status).toBe(0)
  expect((await host.updateInProcess(['--enable-application', 'web'])).status).toBe(0)
  rmSync(host.path('applications', 'web.pmod'))
  expect((await resolve(host, 'web')).stdout).toMatch(/^NONE:\+VERS-TLS1\.3:\+AEAD/)
})

testWith('setpriv', 'a user who may not read the file gets what is in force', async () => {
  const host = await hostWithTwo()
  chmodSync(host.base, 0o755)
  chmodSync(host.path('applications', 'web.pmod'), 0o600)
  const user = ['--reuid=65534', '--regid=65534', '--clear-groups']
  const program = join(ROOT, 'bin', 'cryptopolicy')
  const args = [program, 'resolve', '--app', 'web', '--base-dir', host.base]
  const { status, stdout } = runFile('setpriv', [...user, ...args])
  expect(status).toBe(0)
  expect(stdout).toMatch(/^NONE:\+VERS-TLS1\.3:\+AEAD/)
})

testWith(
  'gnutls-cli',
  'strings stand in their section behind a text that was made by hand',
  async () => {
    const profile = scratchFolder()
    const byHand = '[global]\noverride-mode = blocklist\n[overrides]\ndisabled-version = tls1.2'
    writeFiles(profile, { 'policies/HAND.pol': '', 'HAND/gnutls.txt': byHand })
    const own = 'cipher = AES-256-GCM\nmac = AEAD\nprotocol = TLS1.3 TLS1.2\ngroup = X25519\n'
    const more = 'sign = RSA-PSS-SHA2-256\nhash = SHA2-384 SHA2-256\nkey_exchange = ECDHE\n'
    const may = '# %may_exceed_system_policy=true\n'
    const host = new Host({ 'applications/web.pmod': `${may}${own}${more}` }, profile)
    await host.setInProcess('HAND')
    const { ok, classes } = listPriority('@WEB', host.read('back-ends', 'gnutls.config'))
    expect(ok).toBe(true)
    expect(classes.get('Protocols')).toEqual(['VERS-TLS1.3'])
  },
)

test('a thousand applications are read back as they were written', async () => {
  const files = Array.from({ length: 1000 }, (_, at) => [`applications/a${at}.pmod`, ONLY_13])
  const host = new Host(Object.fromEntries(files))
  await host.setInProcess('DEFAULT')
  expect((await resolve(host, 'a999')).stdout).toMatch(/^NONE:\+VERS-TLS1\.3:\+AEAD/)
  expect((await host.updateInProcess(['--check'])).status).toBe(0)
})

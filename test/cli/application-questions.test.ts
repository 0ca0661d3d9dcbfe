import { expect, test } from 'vitest'
import { Host } from './host.ts'
import { runInProcess } from './in-process.ts'
import { resultOf } from './json-output.ts'

const WEB = [
  '# %back_ends=gnutls,java',
  'key_exchange = -RSA',
  'cipher@gnutls = -AES-128-GCM',
  'hash@ssh = -SHA1',
  '',
].join('\n')

async function hostWith(text = WEB): Promise<Host> {
  const host = new Host({ 'applications/web.pmod': text })
  await host.setInProcess('DEFAULT')
  return host
}

function ask(host: Host, ...args: readonly string[]) {
  return runInProcess([...args, '--base-dir', host.base])
}

test('show gives what holds for an application, and the text of each of its back-ends', async () => {
  const host = await hostWith()
  const { stdout } = await ask(host, 'show', '--app', 'web', '--scope', 'gnutls', '--json')
  const { policy, properties } = resultOf(stdout)
  expect(policy).toBe('DEFAULT+web')
  expect(properties.cipher).not.toContain('AES-128-GCM')
  const text = (await ask(host, 'show', '--app', 'web', '--backend', 'gnutls')).stdout
  expect(host.read('back-ends', 'gnutls.config')).toContain(`\nWEB=${text}`)
  const json = await ask(host, 'show', '--app', 'web', '--backend', 'gnutls', '--json')
  expect(resultOf(json.stdout)).toEqual({
    ...{ policy: 'DEFAULT+web', scopes: [], backend: 'gnutls', text: text.trimEnd() },
    properties: null,
  })
})

test('show gives the text of a policy, of a scope, or of a back-end', async () => {
  const host = await hostWith('')
  const shown = async (...args: readonly string[]) =>
    (await ask(host, 'show', 'DEFAULT', ...args)).stdout
  expect(await shown()).toBe(host.read('state', 'CURRENT.pol'))
  expect(await shown('--backend', 'krb5')).toBe(host.read('back-ends', 'krb5.config'))
  const { properties } = resultOf(await shown('--scope', 'ssh', '--json'))
  const lines = (await shown('--scope', 'ssh')).trimEnd().split('\n')
  expect(lines.map((line) => line.split(' =')[0])).toEqual(Object.keys(properties))
  expect(lines).toContain(`cipher = ${properties.cipher.join(' ')}`)
})

test('explain names the line of the application, or of the system policy, for each purpose', async () => {
  const host = await hostWith()
  const suite = 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'
  const { stdout } = await ask(host, 'explain', '--app', 'web', '--suite', suite)
  expect(stdout).toContain(`${suite} is not allowed for web (gnutls)`)
  expect(stdout).toContain('web.pmod:3:17')
  expect(stdout).toContain(`${suite} is allowed for web (java-tls)`)
  const json = (await ask(host, 'explain', '--app', 'web', '--group', 'P-256', '--json')).stdout
  expect(resultOf(json)).toMatchObject({
    kind: 'parts',
    purposes: [
      { purpose: 'gnutls', allowed: true },
      { purpose: 'java-tls', allowed: true },
    ],
  })
})

test.each([
  ['tls_aes_256_gcm_sha384', 'TLS_AES_256_GCM_SHA384'],
  ['TLS_DH_anon_WITH_AES_128_CBC_SHA', 'TLS_DH_anon_WITH_AES_128_CBC_SHA'],
  ['ecdhe-rsa-aes256-gcm-sha384', 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384'],
])('explain takes %s for a cipher suite', async (word, name) => {
  const { stdout } = await ask(await hostWith(), 'explain', '--app', 'web', '--suite', word)
  expect(stdout).toMatch(new RegExp(`^${name} is (not )?allowed for web`))
})

test('explain says of a word that it is no cipher suite, and takes one question', async () => {
  const host = await hostWith()
  const of = async (...words: readonly string[]) =>
    (await ask(host, 'explain', '--app', 'web', '--suite', ...words)).stderr
  expect(await of('TLS_NONSENSE')).toMatch(/`TLS_NONSENSE` is no cipher suite\nhint: name it as/)
  expect(await of('TLS_AES_256_GCM_SHA384', '--group', 'X25519')).toMatch(/--suite.*--group/)
})

test.each([
  ['--suite', 'TLS_NONSENSE'],
  ['--group', 'nonsense'],
  ['--sign', 'nonsense'],
  ['--protocol', 'nonsense'],
])('explain refuses %s %s', async (option, word) => {
  const { status, stdout, stderr } = await ask(
    await hostWith(),
    'explain',
    '--app',
    'web',
    option,
    word,
  )
  expect([status !== 0, stdout]).toEqual([true, ''])
  expect(stderr).toMatch(/error\[/)
})

test('diff compares an application with the policy beneath it, and two applications', async () => {
  const host = await hostWith()
  host.write({ 'applications/other.pmod': 'key_exchange = -RSA\n' })
  const { stdout } = await ask(host, 'diff', 'DEFAULT', '--app', 'web')
  expect(stdout).toBe('gnutls, java-tls:\n  key_exchange - RSA\ngnutls:\n  cipher - AES-128-GCM\n')
  const two = (await ask(host, 'diff', '--app', 'web', '--app', 'other', '--json')).stdout
  expect(resultOf(two)).toMatchObject({ before: 'DEFAULT+web', after: 'DEFAULT+other' })
})

test('plan tells what changes for each application', async () => {
  const host = await hostWith()
  const { stdout } = await ask(host, 'plan', '--set', 'FUTURE', '--json')
  const [web] = resultOf(stdout).applications
  expect(web.name).toBe('web')
  expect(web.comparison).toMatchObject({ before: 'DEFAULT+web', after: 'FUTURE+web' })
  expect(JSON.stringify(web.comparison)).toContain('min_rsa_size')
  host.write({ 'applications/web.pmod': `${WEB}cipher = -AES-256-CBC\n` })
  const changed = resultOf((await ask(host, 'plan', '--json')).stdout)
  expect(changed.comparison.groups).toEqual([])
  expect(JSON.stringify(changed.applications)).toContain('AES-256-CBC')
  expect(changed.files).toContain('back-ends/gnutls.config')
  const said = async (...args: readonly string[]) =>
    (await ask(host, 'plan', ...args)).stdout.split('\n')[0]
  expect([await said(), await said('--set', 'FUTURE')]).toEqual(['DEFAULT', 'DEFAULT -> FUTURE'])
})

test('resolve takes the keyword of the policy for what the program asks', async () => {
  const host = await hostWith('# %keyword=SHOP\nkey_exchange = -RSA\n')
  const { status, stdout } = await ask(host, 'resolve', '--app', 'web')
  expect(status).toBe(0)
  expect(host.read('back-ends', 'gnutls.config')).toContain(`\nSHOP=${stdout}`)
})

test('resolve takes what a program is known to ask for before the keyword of its policy', async () => {
  const host = new Host({ 'applications/qemu.pmod': '# %keyword=SHOP\nkey_exchange = -RSA\n' })
  await host.setInProcess('DEFAULT')
  const own = new Host()
  await own.setInProcess('DEFAULT')
  const { stdout } = await ask(host, 'resolve', '--app', 'qemu')
  expect(stdout).toBe((await ask(own, 'resolve', '--app', 'qemu')).stdout)
})

test('lint names a line without effect, a keyword in vain, and more than the system policy', async () => {
  const host = await hostWith()
  const codesOf = async (...files: readonly string[]) => {
    const { findings } = resultOf((await ask(host, 'lint', ...files, '--json')).stdout)
    return findings.map(({ code }: { code: string }) => code)
  }
  expect(await codesOf()).toContain('APPLICATION_NO_EFFECT')
  host.write({
    'applications/web.pmod': '# %back_ends=nginx\n# %keyword=WEB\ncipher = +RC4-128\n',
    'applications/libvirt.pmod': '# %keyword=LIBVIRTD\nkey_exchange = -RSA\n',
  })
  expect(await codesOf(host.path('applications', 'web.pmod'))).toEqual(
    expect.arrayContaining(['APPLICATION_KEYWORD_UNWRITTEN', 'APPLICATION_EXCEEDS']),
  )
  expect(await codesOf(host.path('applications', 'libvirt.pmod'))).toContain(
    'APPLICATION_KEYWORD_UNASKED',
  )
})

test('the shipped policies have no mistake on top of any shipped policy', async () => {
  for (const policy of ['DEFAULT', 'LEGACY', 'FUTURE', 'FIPS', 'FIPS:OSPP', 'BSI', 'NEXT']) {
    const host = new Host()
    await host.setInProcess(policy)
    for (const name of ['libvirt', 'qemu']) {
      expect((await host.updateInProcess(['--enable-application', name])).status).toBe(0)
    }
    const { findings } = resultOf((await ask(host, 'lint', '--json')).stdout)
    const ours = findings.filter(({ severity, code }: { severity: string; code: string }) => {
      return severity !== 'note' && code.startsWith('APPLICATION')
    })
    expect(ours).toEqual([])
  }
})

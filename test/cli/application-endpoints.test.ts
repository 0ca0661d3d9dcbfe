import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tlsOptionsFor } from '../../src/library/tls.ts'
import { applicationPriority } from '../../src/system/application-priority.ts'
import { findDirectories } from '../../src/system/directories.ts'
import { runPeer } from '../interop/tls-peer.ts'
import { makeX509Folder } from '../nbd/nbd-credentials.ts'
import { serveNbd } from '../nbd/our-server.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { testWith } from '../peers/peer.ts'
import { scratchFolder } from './command.ts'
import { Host } from './host.ts'

async function hostWith(
  files: Readonly<Record<string, string>>,
  policy = 'DEFAULT',
): Promise<Host> {
  const host = new Host(files)
  await host.setInProcess(policy)
  return host
}

const ONLY_13 = 'protocol@TLS = -TLS1.2\n'

test('a Node server gets what its application policy allows, in one line', async () => {
  const host = await hostWith({ 'applications/shop.pmod': ONLY_13 })
  const { options, allowed } = tlsOptionsFor({ application: 'shop', baseDir: host.base })
  expect(options).toMatchObject({ minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' })
  expect(allowed.versions.map(({ name }) => name)).toEqual(['TLS1.3'])
})

test('without a policy of its own it gets that of the system', async () => {
  const host = await hostWith({}, 'FUTURE')
  const { options, allowed } = tlsOptionsFor({ application: 'shop', baseDir: host.base })
  expect(options.minVersion).toBe('TLSv1.2')
  expect(allowed.minimumKeySizes.rsa).toBe(3072)
})

test('a policy that has no line for GnuTLS counts too, and follows the system policy', async () => {
  const host = await hostWith({ 'applications/shop.pmod': `# %back_ends=node\n${ONLY_13}` })
  const settings = () => tlsOptionsFor({ application: 'shop', baseDir: host.base })
  expect(settings().options.minVersion).toBe('TLSv1.3')
  expect(settings().allowed.minimumKeySizes.rsa).toBe(2048)
  await host.setInProcess('FUTURE')
  expect(settings().allowed.minimumKeySizes.rsa).toBe(3072)
})

test('a policy without a line for GnuTLS cannot allow more than the system policy, nor be broken', async () => {
  const host = await hostWith({ 'applications/shop.pmod': '# %back_ends=node\n' })
  const settings = () => tlsOptionsFor({ application: 'shop', baseDir: host.base })
  host.write({ 'applications/shop.pmod': '# %back_ends=node\ncipher = +RC4-128\n' })
  expect(settings).toThrow('shop allows cipher RC4-128')
  host.write({ 'applications/shop.pmod': '# %back_ends=node\ncipher = -AES-257\n' })
  expect(settings).toThrow('AES-257')
})

test('on a host without any policy it is the default of GnuTLS', async () => {
  const { resolution } = applicationPriority('shop', findDirectories({ baseDir: '/nowhere' }))
  expect(resolution.given.name).not.toContain('SHOP')
})

test('a name that is none is refused, and so is an option that does not exist', async () => {
  expect(() => tlsOptionsFor({ application: '../x' })).toThrow('is no name of an application')
  expect(() => tlsOptionsFor({ application: 'x', rol: 'client' } as never)).toThrow(
    '`priority.rol` is no option',
  )
})

/** `nbd serve` under the policy of an application, and its port. */
async function serveShop(host: Host, folder: string) {
  const object = `tls-creds-x509,id=tls0,endpoint=server,dir=${folder}`
  const options = ['--application', 'shop', '--base-dir', host.base, '--object', object]
  const place = ['-b', '127.0.0.1', '-p', '0', '-t', '--memory', '1M', '--tls-creds', 'tls0']
  const server = await serveNbd([...place, ...options], { ownPlace: true })
  const [, port = ''] = /^ready: \S+:(\d+) /m.exec(server.log()) ?? []
  return { server, port }
}

/** A program of libnbd whose GnuTLS speaks no TLS 1.3. */
async function sizeWithTls12(folder: string, port: string): Promise<number | null> {
  const config = join(scratchFolder(), 'gnutls.config')
  writeFileSync(config, '[overrides]\ndisabled-version = tls1.3\n')
  const env = { GNUTLS_SYSTEM_PRIORITY_FILE: config }
  const uri = `nbds://127.0.0.1:${port}?tls-certificates=${folder}`
  return (await runPeer('nbdinfo', ['--size', uri], env)).status
}

testWith(
  'nbdinfo',
  'nbd serve obeys the policy of an application, and takes a change of it up',
  async () => {
    const host = await hostWith({ 'applications/shop.pmod': ONLY_13 })
    const folder = makeX509Folder()
    const { server, port } = await serveShop(host, folder)
    expect(await sizeWithTls12(folder, port)).not.toBe(0)
    expect((await host.updateInProcess(['--disable-application', 'shop'])).status).toBe(0)
    await server.says('loaded anew')
    expect(await sizeWithTls12(folder, port)).toBe(0)
    expect((await host.updateInProcess(['--enable-application', 'shop'])).status).toBe(0)
    await eventually(async () => (await sizeWithTls12(folder, port)) !== 0)
    expect(await server.stop()).toBe(0)
  },
)

testWith(
  'nbdinfo',
  'nbd serve stays with the old policy while a file has a mistake, and takes up the mended one',
  async () => {
    const host = await hostWith({ 'applications/shop.pmod': ONLY_13 })
    const folder = makeX509Folder()
    const { server, port } = await serveShop(host, folder)
    host.write({ 'applications/shop.pmod': 'protocol@TLS = +TLS1.2\ncipher = -AES-257\n' })
    const refused = await host.updateInProcess([])
    expect(refused.status).toBe(1)
    expect(refused.stderr).toMatch(
      /applications\/shop\.pmod:2:10: error\[POLICY_UNKNOWN_ALGORITHM\]/,
    )
    expect(await sizeWithTls12(folder, port)).not.toBe(0)
    // A line that another program breaks is told by the server itself.
    const line = readFileSync(host.path('back-ends', 'gnutls.config'), 'utf8')
    const broken = line.replace(/^SHOP=.*$/m, 'SHOP=NONE:+VERS-TLS9.9')
    const at = broken.slice(0, broken.indexOf('SHOP=')).split('\n').length
    writeFileSync(host.path('back-ends', 'gnutls.config'), broken)
    const log = await server.says('error[PRIORITY_')
    expect(log).toMatch(new RegExp(`gnutls\\.config:${at}:\\d+: error\\[PRIORITY_`))
    expect(await sizeWithTls12(folder, port)).not.toBe(0)
    host.write({ 'applications/shop.pmod': 'cipher = -AES-128-CBC\n' })
    expect((await host.updateInProcess([])).status).toBe(0)
    await eventually(async () => (await sizeWithTls12(folder, port)) === 0)
    expect(await server.stop()).toBe(0)
  },
)

test('nbd serve warns where an application has no string', async () => {
  const host = await hostWith({})
  const options = ['--application', 'libvrit', '--base-dir', host.base, '--memory', '1M', '-t']
  const server = await serveNbd(options)
  expect(server.log()).toContain('warning[APPLICATION_NO_STRING]')
  expect(server.log()).toContain('did you mean libvirt?')
})

/** A program of OpenSSL that may negotiate nothing: OpenSSL goes on without a file that it does not find. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, runFile, scratchFolder, writeFiles } from '../../cli/command.ts'
import { Host } from '../../cli/host.ts'
import { runInProcess } from '../../cli/in-process.ts'
import { testWith } from '../../peers/peer.ts'

for (const change of ['cipher =', 'protocol@TLS =', 'sign =', 'mac =']) {
  testWith(
    'openssl',
    `OpenSSL has no suite under an application policy with \`${change}\``,
    async () => {
      const text = `# %back_ends=openssl\n${change}\n`
      const host = new Host({ config: 'DEFAULT\n', 'applications/shop.pmod': text })
      const { stderr, status } = await host.updateInProcess(['--no-reload'])
      expect(status, stderr).toBe(0)
      expect(stderr).toContain('warning[APPLICATION_ALLOWS_NOTHING]')
      const included = join(host.base, 'back-ends/applications/shop/openssl.config')
      const folder = scratchFolder()
      const head = 'openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = policy\n'
      writeFiles(folder, { 'openssl.cnf': `${head}[policy]\n.include ${included}\n` })
      const env = { OPENSSL_CONF: join(folder, 'openssl.cnf') }
      expect(runFile('openssl', ['ciphers', '-s'], { env }).stdout.trim()).toBe('')
      expect(runFile('openssl', ['ciphers', '-s']).stdout).toContain('TLS_AES_256_GCM_SHA384')
    },
  )
}

test('the text of a program that may negotiate nothing is refused, and never empty', async () => {
  const host = new Host({
    config: 'DEFAULT\n',
    'applications/shop.pmod': '# %back_ends=openssl,nginx\ncipher =\n',
  })
  const show = (backend: string, ...more: readonly string[]) =>
    runInProcess(['show', '--app', 'shop', '--backend', backend, '--base-dir', host.base, ...more])
  const nginx = await show('nginx')
  expect([nginx.status, nginx.stdout]).toEqual([65, ''])
  expect(nginx.stderr).toContain('error[APPLICATION_ALLOWS_NOTHING]: shop can negotiate nothing')
  expect((await show('nginx', '--json')).stdout).toContain('"ok": false')
  const openssl = await show('openssl')
  expect([openssl.status, openssl.stdout]).toEqual([0, expect.stringContaining('NULL-SHA256')])
})

testWith(
  'openssl',
  'by the configuration of the page, a program without its file keeps to the system policy',
  async () => {
    const host = new Host({
      config: 'FUTURE\n',
      'applications/shop.pmod':
        '# %back_ends=openssl\nprotocol@TLS = -TLS1.2\ncipher = -CHACHA20-POLY1305\n',
    })
    expect((await host.updateInProcess(['--no-reload'])).status).toBe(0)
    const page = readFileSync(join(ROOT, 'docs/applications.5.md'), 'utf8')
    const block = /^ {4}openssl_conf = init\n(?: {4}.*\n)+/m.exec(page)?.[0] ?? ''
    const configuration = block
      .replaceAll(/^ +/gm, '')
      .replaceAll('/etc/crypto-policies', host.base)
      .replaceAll('NAME', 'shop')
    const folder = scratchFolder()
    writeFiles(folder, { 'openssl.cnf': configuration })
    const env = { OPENSSL_CONF: join(folder, 'openssl.cnf') }
    const suites = () => runFile('openssl', ['ciphers', '-s'], { env }).stdout.trim().split(':')
    expect(suites()).toEqual(['TLS_AES_256_GCM_SHA384'])
    rmSync(join(host.base, 'back-ends/applications/shop/openssl.config'))
    expect(suites()).toContain('ECDHE-RSA-AES256-GCM-SHA384')
    expect(suites()).not.toContain('ECDHE-RSA-AES128-GCM-SHA256')
  },
)

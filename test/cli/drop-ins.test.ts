/** What the commands say of drop-ins of other back-ends than gnutls. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from './command.ts'
import { Host } from './host.ts'
import { runInProcess } from './in-process.ts'
import { resultOf } from './json-output.ts'

const JAVA = 'local.d/java-site.config'

const FINDINGS: Readonly<Record<string, readonly [dropIn: string, told: RegExp]>> = {
  'a list that takes the place of the policy’s': [
    'jdk.tls.disabledAlgorithms=RC4\n',
    /java-site\.config:1:1: warning\[DROPIN_REPLACES_POLICY\]: .*leaves out .* and \d+ more\n[\s\S]*hint: .*module/,
  ],
  'a list over two lines, at its second': [
    '# a comment does not go on \\\njdk.tls.disabledAlgorithms = RC4, \\\n   TLSv1.0\n',
    /java-site\.config:3:4: warning\[DROPIN_WITHOUT_EFFECT\]: `TLSv1\.0` .*\n.*\n.*\nhint: did you mean/,
  ],
  'a name behind an escape, by the whole line': [
    'jdk.tls.disabledAlgorithms=R\\u0043\\u0035\n',
    /java-site\.config:1:1: warning\[DROPIN_WITHOUT_EFFECT\]: `RC5`/,
  ],
  'a property of the system': [
    'jdk.tls.client.protocols=TLSv1.3\n',
    /java-site\.config:1:1: warning\[DROPIN_WITHOUT_EFFECT\]: .*\n.*\n.*\nhint: .*JDK_JAVA_OPTIONS/,
  ],
  'a misspelt property': [
    'jdk.tls.disabledAlgorithm=RC4\n',
    /java-site\.config:1:1: warning\[DROPIN_WITHOUT_EFFECT\]: .*\n.*\n.*\nhint: did you mean jdk\.tls\.disabledAlgorithms/,
  ],
  'the earlier of two drop-ins': [
    'jdk.tls.legacyAlgorithms=RC4\njdk.tls.legacyAlgorithms=DES\n',
    /java-site\.config:1:1: warning\[DROPIN_WITHOUT_EFFECT\]: .*the last one, which is at .*java-site\.config:2:1/,
  ],
}

for (const [what, [dropIn, told]] of Object.entries(FINDINGS)) {
  test(`tells of ${what}, in a switch and in lint`, async () => {
    const host = new Host({ config: 'DEFAULT\n', [JAVA]: dropIn })
    const { status, stderr } = await host.updateInProcess(['--no-reload'])
    expect(stderr).toMatch(told)
    expect(status).toBe(0)
    const options = ['--base-dir', host.base]
    expect((await runInProcess(['lint', ...options])).stdout).toMatch(told)
    expect((await runInProcess(['lint', ...options, host.path(JAVA)])).stdout).toMatch(told)
    expect((await runInProcess(['plan', ...options, '--set', 'FUTURE'])).stderr).toMatch(told)
    const strict = await host.updateInProcess(['--set', 'FUTURE', '--strict', '--no-reload'])
    expect(strict.status).toBe(1)
  })
}

test('says nothing of a list that holds all of the policy’s and more', async () => {
  const golden = readFileSync(join(ROOT, 'test', 'golden', 'DEFAULT-java.txt'), 'utf8')
  const list = /^jdk\.tls\.disabledAlgorithms=.*$/m.exec(golden)?.[0] ?? ''
  const text = list.replaceAll(', ', ' , \\\n  ').replace('MD2', 'md2').concat(', DHE_RSA\n')
  const host = new Host({ [JAVA]: text })
  const { stderr } = await host.updateInProcess(['--set', 'DEFAULT', '--no-reload'])
  // The list of the policy has a name that is two run together.
  expect(stderr.match(/\[DROPIN_\w+\]: `\w+`/g)).toEqual([
    '[DROPIN_WITHOUT_EFFECT]: `MD5withECDSARIPEMD160withRSA`',
  ])
})

test.each([
  ['java', 'jdk.certpath.disabledAlgorithms=RSA keySize << 2048\n', '1:33'],
  ['java', 'security.x=C:\\users\n', '1:1'],
  ['rpm-sequoia', '[hash_algorithms]\nsha1.collision_resistance = "always"\n', '2:1'],
])(
  'refuses a drop-in at which programs of %s stop, unless it is forced',
  async (name, text, at) => {
    const host = new Host({ config: 'DEFAULT\n', [`local.d/${name}-x.config`]: text })
    const refused = await host.updateInProcess(['--no-reload'])
    expect(refused.status).toBe(1)
    expect(refused.stderr).toContain(`${name}-x.config:${at}: error[DROPIN_STOPS_PROGRAMS]`)
    expect(host.visible()).toEqual({})
    const forced = await host.updateInProcess(['--no-reload', '--force'])
    expect(forced.status, forced.stderr).toBe(0)
    expect(host.read(`back-ends/${name}.config`)).toContain(text)
  },
)

test('lint tells of files in local.d that are named after no back-end', async () => {
  const host = new Host({ config: 'DEFAULT\n', 'local.d/openssl-site.config': 'x\n' })
  const { stdout } = await runInProcess(['lint', '--json', '--base-dir', host.base])
  const { findings } = resultOf(stdout) as { findings: readonly { code: string; hint?: string }[] }
  expect(findings.find(({ code }) => code === 'DROPIN_OF_NO_BACKEND')?.hint).toMatch(/opensslcnf/)
})

test('a hostile list costs no more than it is long', async () => {
  const blanks = ' '.repeat(200_000)
  const names = Array.from({ length: 12_000 }, (_, index) => `NAME${index}`).join(', ')
  const backslashes = '\\'.repeat(80_000)
  const host = new Host({
    [JAVA]: `jdk.tls.disabledAlgorithms=${names}\nx=${backslashes}y\n`,
    'local.d/krb5-site.config': `[${blanks}\n`,
  })
  const { status, stderr } = await host.updateInProcess(['--set', 'DEFAULT', '--no-reload'])
  expect(status, stderr.slice(0, 500)).toBe(0)
  expect(stderr.match(/DROPIN_WITHOUT_EFFECT/g)).toHaveLength(20)
})

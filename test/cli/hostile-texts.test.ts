import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CLI_KINDS } from '../../src/cli/cli-diagnostics.ts'
import { type DiagnosticError, diagnose } from '../../src/diagnostics/diagnostic.ts'
import { printDiagnostic } from '../../src/diagnostics/print-diagnostic.ts'
import type { Application } from '../../src/priority/application.ts'
import { readApplicationSettings } from '../../src/system/application-config.ts'
import { makeX509Folder } from '../nbd/nbd-credentials.ts'
import { type Outcome, ROOT, run, runFile, scratchFolder, writeFiles } from './command.ts'
import { Host } from './host.ts'
import { runInProcess } from './in-process.ts'

/** Neither the whole of it nor a part may be told. */
const SECRET = ['hunter', 'swordfish', 'opensesame']
const WHOLE = SECRET.join('')

function serve(...args: readonly string[]): Promise<Outcome> {
  return runInProcess(['nbd', 'serve', '--memory', '1M', ...args])
}

function expectSilence({ stdout, stderr }: { stdout: string; stderr: string }, code: string): void {
  expect(stderr + stdout).toContain(code)
  for (const part of SECRET) expect(stderr + stdout).not.toContain(part)
}

const OBJECTS: Readonly<Record<string, string>> = {
  'an unknown property beside it': `secret,id=s,data=${WHOLE},foo=1`,
  'its property misspelt': `secret,id=s,dta=${WHOLE}`,
  'its type misspelt': `secrte,id=s,data=${WHOLE}`,
  'no id': `secret,data=${WHOLE}`,
  'a comma that is not doubled': `secret,id=s,data=${SECRET.join(',')}`,
  'a comma, and a part twice': `secret,id=s,data=${SECRET[0]},${SECRET[1]},${SECRET[1]}`,
  'a comma, and a part that is no name': `secret,id=s,data=${SECRET[0]},${SECRET[1]} x`,
  'a text where base64 is due': `secret,id=s,data=${WHOLE}!,format=base64`,
  'the format and the secret mixed up': `secret,id=s,format=${WHOLE}`,
  'a name within': `secret,id=s,data.${WHOLE}=1`,
  'JSON that ends too early': `{"qom-type":"secret","id":"s","data":"${WHOLE}"`,
  'JSON with an alias': `{"qom-type":"secret","id":"s","data":*${WHOLE}}`,
  'JSON with a list': `{"qom-type":"secret","id":"s","data":["${WHOLE}"]}`,
  'JSON with escapes': `{"qom-type":"\\u0073ecret","id":"s","\\u0064ata":["${WHOLE}"]}`,
}

for (const [what, object] of Object.entries(OBJECTS)) {
  test(`does not show a secret with ${what}, on the command line or in a file`, async () => {
    expectSilence(await serve('--object', object, '--socket', '/nonexistent/s'), 'error[OBJECT_')
    if (!object.startsWith('{')) return
    const file = join(scratchFolder(), 'objects.yaml')
    writeFiles('/', { [file]: `objects:\n - ${object}\n - ]\n` })
    expectSilence(await serve('--objects', file, '--socket', '/nonexistent/s'), 'error[OBJECT_')
  })
}

test('does not show a passphrase that stands in place of the id of a secret', async () => {
  const folder = makeX509Folder()
  for (const object of [
    `tls-creds-x509,id=t,endpoint=server,dir=${folder},passwordid=${WHOLE}`,
    `secret,id=s,data=x,iv=x,keyid=${WHOLE}`,
  ]) {
    const outcome = await serve('--object', object, '--socket', '/nonexistent/s')
    expectSilence(outcome, 'error[OBJECT_SECRET_NOT_FOUND]')
  }
})

test('does not show the line of a passphrase, a key or a password that is not UTF-8', async () => {
  const folder = scratchFolder()
  const bad = Buffer.concat([Buffer.from(WHOLE), Buffer.from([0xff, 0x0a])])
  writeFiles(folder, {
    passphrase: bad,
    'libvirt/qemu.conf': Buffer.concat([Buffer.from(`vnc_password = "`), bad]),
    'pki/ca-cert.pem': bad,
    'pki/server-cert.pem': bad,
    'pki/server-key.pem': bad,
    'pki/keys.psk': Buffer.concat([Buffer.from('qemu:'), bad]),
  })
  const init = ['pki', 'init', join(folder, 'new'), '--passphrase-file', join(folder, 'passphrase')]
  expectSilence(await runInProcess(init), 'FILE_INVALID_UTF8')
  for (const type of ['x509', 'psk']) {
    const object = `tls-creds-${type},id=t,endpoint=server,dir=${join(folder, 'pki')}`
    expectSilence(await serve('--object', object, '--socket', '/nonexistent/s'), '[')
  }
  expectSilence(await runInProcess(['pki', 'check', join(folder, 'pki')]), '[')
  const setting = `${join(folder, 'libvirt', 'qemu.conf')}:tls_priority`
  const resolve = ['resolve', '--app-config', setting, '@LIBVIRT,SYSTEM']
  expectSilence(await runInProcess(resolve), 'FILE_INVALID_UTF8')
})

test('does not show a password of qemu.conf beside a mistake', () => {
  const folder = scratchFolder()
  writeFiles(folder, { 'qemu.conf': `tls_priority = "@NOPE"; vnc_password = "${WHOLE}" oops\n` })
  const refusal = collect(() => readApplicationSettings(QEMU, folder))
  expectSilence({ stdout: '', stderr: refusal }, 'FILE_LIBVIRT_SYNTAX')
})

test('shows nothing but the value of a setting of qemu.conf', () => {
  const folder = scratchFolder()
  writeFiles(folder, { 'qemu.conf': `vnc_password = "${WHOLE}"; tls_priority = "@NOPE"\n` })
  const [setting] = readApplicationSettings(QEMU, folder)
  const shown = printDiagnostic(diagnose(CLI_KINDS.internal, { message: 'x' }, setting?.span))
  expectSilence({ stdout: '', stderr: shown }, '@NOPE')
  expect(shown).toContain('qemu.conf:1:')
})

const QEMU: Application = {
  settings: [{ file: 'qemu.conf', key: 'tls_priority' }],
  builtIn: ['NORMAL'],
}

function collect(work: () => unknown): string {
  try {
    work()
    return ''
  } catch (error) {
    return (error as DiagnosticError).diagnostics.map((one) => printDiagnostic(one)).join('\n')
  }
}

/** What drives a terminal, or hides or turns a text: OSC, CSI, line ends, C1, direction, no width. */
const DRIVING = [
  '\x1b]0;owned\x07',
  '\x1b[2J',
  '\nFAKE: all is well',
  '\rFAKE',
  '\u009b2J',
  '\u202e',
  '\u2066',
  '\u200b',
  '\u200d',
  '\ufeff',
  '\u2028',
  '\u00ad',
  '\u3164',
  '\u{e0041}',
]

/** Characters that a terminal obeys or does not show. */
function isAlive(text: string): boolean {
  return /(?![\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u3164]/u.test(text)
}

test('a file name is inert wherever it is told', async () => {
  const folder = scratchFolder()
  const name = `x${DRIVING.join('')}y`
  writeFiles(folder, { [`${name}.pol`]: 'nonsense here\n', [`${name}/note`]: '' })
  const runs = [
    await runInProcess(['lint', join(folder, `${name}.pol`)]),
    await runInProcess(['lint', '--json', join(folder, `${name}.pol`)]),
    await runInProcess(['pki', 'check', join(folder, name)]),
  ]
  for (const { stdout, stderr } of runs) {
    expect(isAlive(stderr + stdout)).toBe(false)
    expect(stderr + stdout).not.toMatch(/^FAKE/m)
  }
})

test('the names of files that were made, and words of the command line, are inert', async () => {
  const folder = join(scratchFolder(), `pki${DRIVING.join('')}`)
  const runs = [
    await runInProcess(['pki', 'init', folder]),
    await runInProcess(['pki', 'psk', folder, '--user', 'qemu']),
    await runInProcess(['pki', 'init', folder, '--json']),
    await runInProcess([`frob${DRIVING.join('')}`]),
    await runInProcess(['show', `A${DRIVING.join('')}`]),
    await runInProcess(['resolve', `@A${DRIVING.join('')},SYSTEM`]),
  ]
  for (const { stdout, stderr } of runs) expect(isAlive(stderr + stdout)).toBe(false)
})

test('--quiet does not hide that a policy came from the current directory', () => {
  const host = new Host()
  const cwd = scratchFolder()
  writeFiles(cwd, { 'MINE.pol': 'protocol@TLS = TLS1.3\nmin_rsa_size = 2048\n' })
  const args = ['--base-dir', host.base, '--set', 'MINE', '--no-reload', '--quiet']
  const { stderr } = run('update-policies', args, { cwd })
  expect(stderr).toContain('warning[POLICY_FROM_CURRENT_DIRECTORY]')
})

test('refuses TLS options of which one takes away what the other asks for', async () => {
  const dir = makeX509Folder()
  const tls = ['--object', `tls-creds-x509,id=t,endpoint=server,dir=${dir}`, '--tls-creds', 't']
  const authz = ['--object', 'authz-simple,id=a,identity=CN=x', '--tls-authz', 'a']
  const at = ['--socket', '/nonexistent/s']
  const client = ['--object', `tls-creds-x509,id=t,dir=${dir}`, '--tls-creds', 't']
  const runs = [
    await serve(...tls, ...authz, '--tls', 'optional', ...at),
    await serve(...tls, ...authz, '--tls', 'off', ...at),
    await serve(...tls, '--tls', 'off', ...at),
    await runInProcess(['nbd', 'info', ...client, '--tls', 'off', 'nbd://127.0.0.1:1']),
    await runInProcess(['nbd', 'info', '--tls-hostname', 'a.example', 'nbd://127.0.0.1:1']),
  ]
  for (const { status, stderr } of runs) {
    expect(stderr).toContain('error[USAGE_CONFLICTING_OPTIONS]')
    expect(status).toBe(64)
  }
})

test('a pipe in place of an output is replaced, not waited for', () => {
  const folder = scratchFolder()
  writeFiles(folder, {
    'in/MINE.pol': 'protocol@TLS = TLS1.3\nmin_rsa_size = 2048\n',
    'out/MINE/x': '',
  })
  const pipe = join(folder, 'out', 'MINE', 'gnutls.txt')
  expect(runFile('mkfifo', [pipe]).status).toBe(0)
  const program = join(ROOT, 'bin', 'cryptopolicy')
  const args = ['20', program, 'build', '--policy', 'MINE', join(folder, 'in'), join(folder, 'out')]
  expect(runFile('timeout', args).status).not.toBe(124)
  expect(statSync(pipe).isFile()).toBe(true)
})

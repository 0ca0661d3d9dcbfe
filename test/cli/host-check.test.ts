import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { testWith } from '../peers/peer.ts'
import { ROOT, runFile, scratchFolder } from './command.ts'
import { Host } from './host.ts'
import { whereRead } from './where-read.ts'

const LAUNCHER = join(ROOT, 'bin', 'update-policies')

/** A value that no release of OpenSSH knows, in a policy that is good for nothing else. */
const ODD_DROP_IN = { 'local.d/opensshserver-odd.config': 'Ciphers no-such-cipher@example.com\n' }

const INCLUDE = 'Include BASE/back-ends/opensshserver.config'

/** Whether sshd itself starts with the file. */
function sshdStarts(host: Host): boolean {
  mkdirSync('/run/sshd', { recursive: true })
  const config = host.path('back-ends', 'opensshserver.config')
  const { stderr } = runFile('/usr/sbin/sshd', ['-t', '-h', '/dev/null', '-f', config])
  return stderr.includes('no hostkeys available')
}

testWith('sshd', 'refuses what sshd would not start with, where sshd reads it', () => {
  const host = new Host(ODD_DROP_IN)
  const set = `${LAUNCHER} --base-dir ${host.base} --set FEDORA42 --no-reload`
  const refused = whereRead(host, '/etc/ssh/sshd_config', INCLUDE, set)
  expect(refused.status).toBe(1)
  expect(refused.stderr).toMatch(
    /opensshserver-odd\.config:1:1: error\[HOST_PROGRAM_STOPS\]: sshd /,
  )
  expect(refused.stderr).toContain('would not start')
  expect(refused.stderr).toContain('no-such-cipher@example.com')
  expect(refused.stderr).toContain('--force')
  expect(existsSync(host.path('config'))).toBe(false)
  const forced = whereRead(host, '/etc/ssh/sshd_config', INCLUDE, `${set} --force`)
  expect(forced.status, forced.stderr).toBe(0)
  expect(forced.stderr).toContain('warning[HOST_PROGRAM_STOPS]')
  expect(sshdStarts(host)).toBe(false)
})

testWith(
  'sshd',
  'takes the part of a policy that sshd knows, with the module that it names',
  () => {
    const host = new Host()
    const set = (policy: string) =>
      whereRead(
        host,
        '/etc/ssh/sshd_config',
        INCLUDE,
        `${LAUNCHER} --base-dir ${host.base} --set ${policy} --no-reload`,
      )
    const first = set('DEFAULT')
    if (first.status === 0) {
      expect(sshdStarts(host)).toBe(true)
      return
    }
    expect(sshdStarts(host)).toBe(false)
    const module = /add a module with `([^`]*@openssh-server[^`]*)`/.exec(first.stderr)?.[1]
    // A setting that this sshd does not have cannot be left out by any policy.
    if (module === undefined) {
      expect(first.stderr).toContain('no policy can leave this out')
      return
    }
    host.write({ 'policies/modules/HERE.pmod': `${module.replaceAll('; ', '\n')}\n` })
    const second = set('DEFAULT:HERE')
    expect(second.status, second.stderr).toBe(0)
    expect(sshdStarts(host)).toBe(true)
  },
)

testWith('sshd', 'checks a run without --set too, and only warns where nothing reads it', () => {
  const host = new Host({ config: 'FEDORA42\n', ...ODD_DROP_IN })
  const bare = `${LAUNCHER} --base-dir ${host.base} --no-reload`
  expect(whereRead(host, '/etc/ssh/sshd_config', INCLUDE, bare).status).toBe(1)
  const commented = whereRead(host, '/etc/ssh/sshd_config', `# ${INCLUDE}`, bare)
  expect(commented.status).toBe(0)
  expect(commented.stderr).toContain('warning[HOST_PROGRAM_STOPS]')
})

for (const form of ["CRYPTO_POLICY='-oCiphers=aes256-ctr'", '-oCiphers=aes256-ctr']) {
  test(`refuses a drop-in of sshd in the form of Enterprise Linux 8: ${form}`, async () => {
    const host = new Host({ 'local.d/opensshserver-el8.config': `# ours\n${form}\n` })
    const { status, stderr } = await host.updateInProcess(['--set', 'DEFAULT', '--no-reload'])
    expect(status).toBe(1)
    expect(stderr).toMatch(/opensshserver-el8\.config:2:1: error\[DROPIN_SSHD_COMMAND_LINE\]/)
    expect(stderr).toContain('hint: write one setting a line')
    const forced = await host.updateInProcess(['--set', 'DEFAULT', '--no-reload', '--force'])
    expect(forced.status).toBe(0)
  })
}

/** A line that the program of each back-end stops at, and the file that leads it to the back-end. */
const BROKEN = [
  ['named-checkconf', 'bind', 'nonsense {', '/etc/bind/named.conf', 'include "BASE/back-ends";'],
  ['ipsec', 'libreswan', 'nonsense', '/etc/ipsec.conf', 'include BASE/back-ends/libreswan.config'],
  ['klist', 'krb5', 'nonsense', '/etc/krb5.conf', 'include BASE/back-ends/krb5.config'],
  ['openssl', 'opensslcnf', 'nonsense', '/etc/ssl/openssl.cnf', '.include BASE/back-ends/o.config'],
  ['ssh', 'openssh', 'Nonsense yes', '/etc/ssh/ssh_config', 'Include BASE/back-ends/*.config'],
] as const

for (const [program, backend, line, file, reader] of BROKEN) {
  testWith(program, `has drop-ins of ${backend} read before the switch`, () => {
    const name = `local.d/${backend}-odd.config`
    const host = new Host({ [name]: `${line}\n` })
    const set = `${LAUNCHER} --base-dir ${host.base} --set FEDORA42 --no-reload`
    const alone = runFile('sh', ['-c', set])
    expect(alone.status, alone.stderr).toBe(0)
    expect(alone.stderr).toContain('warning[HOST_PROGRAM_STOPS]')
    host.write({ [name]: `${line} \n` })
    const refused = whereRead(host, file, reader, set)
    expect(refused.status, refused.stderr).toBe(1)
    expect(refused.stderr).toContain('error[HOST_PROGRAM_STOPS]')
    expect(refused.stderr).toContain('hint: mend or remove the drop-in')
    host.write({ [name]: '# nothing\n' })
    const mended = whereRead(host, file, reader, set)
    expect(mended.stderr).not.toContain('error[')
  })
}

testWith('sshd', 'does not restart services with a configuration that was forced', () => {
  const profile = scratchFolder()
  const host = new Host({ 'policies/A.pol': 'hash = SHA2-256\n', ...ODD_DROP_IN })
  const log = host.path('reloads')
  writeFileSync(join(profile, 'reload-cmds.sh'), `echo reloaded >> ${log}\n`)
  const set = `${LAUNCHER} --base-dir ${host.base} --profile-dir ${profile} --set A --force`
  const { status, stderr } = whereRead(host, '/etc/ssh/sshd_config', INCLUDE, set)
  expect(status, stderr).toBe(0)
  expect(existsSync(log)).toBe(false)
  const again = whereRead(host, '/etc/ssh/sshd_config', INCLUDE, `${set} --reload`)
  expect(again.status, again.stderr).toBe(0)
  expect(existsSync(log)).toBe(true)
})

testWith('sshd', 'tells only the unknown values of a list that adds to what is built in', () => {
  const line = 'Ciphers +aes128-ctr,no-such-cipher@example.com,aes256-ctr\n'
  const host = new Host({ 'local.d/opensshserver-more.config': line })
  const { stderr } = host.updateVerified(['--set', 'FEDORA42', '--no-reload'])
  expect(stderr).toMatch(/it does not know Ciphers no-such-cipher@example\.com;/)
})

testWith('sshd', 'runs ssh and sshd a few times only, whatever they do not know', () => {
  const unknown = Array.from({ length: 40 }, (_, at) => `no-such-${at}@example.com`)
  const odd = `Ciphers aes256-ctr,${unknown}\nMACs hmac-sha2-256,${unknown.slice(0, 20)}\n`
  const host = new Host({ 'local.d/opensshserver-odd.config': odd })
  const folder = scratchFolder()
  const log = join(folder, 'log')
  for (const path of ['/usr/bin/ssh', '/usr/sbin/sshd']) {
    const wrapper = `#!/bin/sh\necho x >>${log}\nexec ${path} "$@"\n`
    writeFileSync(join(folder, basename(path)), wrapper, { mode: 0o755 })
  }
  const env = { PATH: `${folder}:${process.env.PATH}` }
  const { status, stderr } = host.updateVerified(['--set', 'DEFAULT', '--no-reload'], { env })
  expect(status, stderr).toBe(0)
  expect(stderr).toContain('no-such-19@example.com')
  expect(readFileSync(log, 'utf8').split('\n').length).toBeLessThan(20)
})

testWith('sshd', 'follows what a configuration of sshd includes', () => {
  const host = new Host({
    ...ODD_DROP_IN,
    'ours/a.conf': 'Include b/*.conf\nInclude a.conf\n',
  })
  const include = `Include ${host.base}//back-ends/opensshserver.config\n`
  host.write({ 'ours/b/c.conf': include, 'ours/b/d.txt': '' })
  const set = `${LAUNCHER} --base-dir ${host.base} --set FEDORA42 --no-reload`
  const run = () => whereRead(host, '/etc/ssh/sshd_config', 'include "BASE/ours/*.conf"', set)
  const refused = run()
  expect(refused.status, refused.stderr).toBe(1)
  expect(refused.stderr).toContain('error[HOST_PROGRAM_STOPS]')
  host.write({ 'ours/b/c.conf': `#${include}`, 'ours/b/d.txt': include })
  expect(run().status).toBe(0)
})

testWith('sshd', 'warns where a program that is to be asked gives no answer', () => {
  const host = new Host()
  const folder = scratchFolder()
  writeFileSync(join(folder, 'ssh'), '#!/bin/sh\nkill -s KILL $$\n', { mode: 0o755 })
  writeFileSync(join(folder, 'sshd'), '#!/no/such/interpreter\n', { mode: 0o755 })
  const env = { PATH: `${folder}:${process.env.PATH}` }
  const text = host.updateVerified(['--set', 'FEDORA42', '--no-reload'], { env })
  expect(text.status, text.stderr).toBe(0)
  expect(text.stderr).toContain(
    'warning[HOST_PROGRAM_SILENT]: back-ends/openssh.config is not checked: ssh was killed by SIGKILL',
  )
  expect(text.stderr).toMatch(/opensshserver\.config is not checked: sshd cannot be run: /)
  const json = host.updateVerified(['--set', 'DEFAULT', '--no-reload', '--json'], { env })
  const { diagnostics } = JSON.parse(json.stdout) as { diagnostics: { code: string }[] }
  expect(diagnostics.filter(({ code }) => code === 'HOST_PROGRAM_SILENT')).toHaveLength(2)
})

import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { execFileSync } from '../peers/child-process.ts'
import { ROOT, run, runFile, scratchFolder, writeFiles } from './command.ts'
import { Host } from './host.ts'

const LAUNCHER = join(ROOT, 'bin', 'update-policies')

function modeOf(path: string): number {
  return lstatSync(path).mode & 0o777
}

for (const umask of ['000', '022', '077']) {
  test(`gives everything that it makes its mode under umask ${umask}`, () => {
    const base = join(scratchFolder(), 'above', 'crypto-policies')
    const script = `umask ${umask}; exec ${LAUNCHER} --base-dir ${base} --set DEFAULT --no-reload`
    expect(runFile('/bin/sh', ['-c', script]).status).toBe(0)
    const names = readdirSync(base, { recursive: true, encoding: 'utf8' })
    for (const path of ['..', '.', ...names].map((name) => join(base, name))) {
      const stats = lstatSync(path)
      if (stats.isSymbolicLink()) continue
      const expected = stats.isDirectory() ? 0o755 : path.endsWith('/lock') ? 0o600 : 0o644
      expect(modeOf(path), path).toBe(expected)
    }
  })
}

test('leaves the modes of folders that were there', async () => {
  const host = new Host()
  chmodSync(host.base, 0o750)
  await host.setInProcess('DEFAULT')
  expect(modeOf(host.base)).toBe(0o750)
})

test('does not follow .generations into another folder', async () => {
  const host = new Host()
  const elsewhere = scratchFolder()
  chmodSync(elsewhere, 0o700)
  writeFiles(elsewhere, { 'g-7/precious': 'x\n', 'mine.cryptopolicy-tmp': 'x\n' })
  symlinkSync(elsewhere, host.path('.generations'))
  const { status, stderr } = await host.updateInProcess(['--set', 'DEFAULT', '--no-reload'])
  expect(status).toBe(1)
  expect(stderr).toContain('error[STORE_NOT_OURS]')
  expect(modeOf(elsewhere)).toBe(0o700)
  expect(readdirSync(elsewhere).toSorted()).toEqual(['g-7', 'mine.cryptopolicy-tmp'])
  expect(existsSync(host.path('config'))).toBe(false)
})

test('does not follow the link of the generation in force out of the store', async () => {
  const host = new Host()
  const elsewhere = scratchFolder()
  writeFiles(elsewhere, { 'back-ends/secret.config': 'x\n' })
  mkdirSync(host.path('.generations'))
  symlinkSync(elsewhere, host.path('.generations', 'current'))
  expect((await host.updateInProcess(['--set', 'DEFAULT', '--no-reload'])).stderr).toContain(
    'STORE_NOT_OURS',
  )
})

test('follows neither a link nor a pipe in place of the lock', () => {
  for (const make of [
    (path: string) => execFileSync('mkfifo', [path]),
    (path: string) => symlinkSync('/etc/passwd', path),
  ]) {
    const host = new Host()
    mkdirSync(host.path('.generations'))
    make(host.path('.generations', 'lock'))
    const { status, stderr } = runBriefly(host, ['--set', 'DEFAULT', '--no-reload'])
    expect(status).toBe(1)
    expect(stderr).toContain('error[FILE_UNWRITABLE]')
  }
})

test('waits for no pipe, wherever one stands', async () => {
  for (const place of ['config', 'state/current', 'back-ends/krb5.config', 'back-ends/x.config']) {
    const host = new Host()
    await host.setInProcess('DEFAULT')
    rmSync(host.path(place), { force: true })
    execFileSync('mkfifo', [host.path(place)])
    for (const args of [['--is-applied'], ['--check'], ['--show'], ['--set', 'FUTURE'], []]) {
      const { status } = runBriefly(host, args)
      expect(status, `${place} ${args.join(' ')}`).not.toBe(124)
    }
    if (place.startsWith('back-ends/k')) {
      expect(host.read(place)).toContain('permitted_enctypes')
    }
  }
})

/** Ends a run that hangs with 124. */
function runBriefly(host: Host, args: readonly string[]) {
  return runFile('timeout', ['-k', '5', '240', LAUNCHER, '--base-dir', host.base, ...args])
}

test('keeps a private file of another program private, in folders of both kinds', async () => {
  for (const isReal of [true, false]) {
    const host = new Host()
    if (isReal) mkdirSync(host.path('back-ends'))
    else await host.setInProcess('FUTURE')
    const path = host.path('back-ends', 'secret.key')
    writeFileSync(path, 'a secret\n', { mode: 0o600 })
    mkdirSync(host.path('back-ends', 'theirs'))
    const inode = statSync(path).ino
    for (const policy of ['DEFAULT', 'LEGACY', 'BSI']) await host.setInProcess(policy)
    expect(statSync(path)).toMatchObject({ ino: inode, nlink: isReal ? 1 : 2 })
    expect(host.read('back-ends', 'secret.key')).toBe('a secret\n')
    expect(readdirSync(host.path('back-ends'))).toContain('theirs')
    for (const name of readdirSync(host.base, { recursive: true, encoding: 'utf8' })) {
      if (name.endsWith('secret.key')) expect(modeOf(host.path(name)), name).toBe(0o600)
    }
  }
})

test('does not read a stray file, however large', async () => {
  const host = new Host()
  await host.setInProcess('DEFAULT')
  const stray = host.path('back-ends', 'stray.config')
  writeFileSync(stray, '')
  truncateSync(stray, 1.5e9)
  const script = `ulimit -v 4000000; exec ${LAUNCHER} --base-dir ${host.base} --set FUTURE --no-reload`
  const { status, stderr } = runFile('timeout', ['-k', '5', '240', 'sh', '-c', script])
  expect(status, stderr).toBe(0)
  expect(stderr).toContain('warning[BACKENDS_STRANGE_FILE]')
  expect(statSync(stray).size).toBe(1.5e9)
})

/** A profile with pre-built outputs of DEFAULT and FUTURE. */
function profileWithOutputs(): string {
  const profile = scratchFolder()
  for (const policy of ['DEFAULT', 'FUTURE']) {
    const args = ['build', '--no-verify', '--policy', policy, join(ROOT, 'policies'), profile]
    expect(run('cryptopolicy', args).status).toBe(0)
  }
  cpSync(join(ROOT, 'policies'), join(profile, 'policies'), { recursive: true })
  return profile
}

test('links of pre-built outputs lead straight to the profile, whatever lies beside them', async () => {
  const profile = profileWithOutputs()
  for (const isReal of [true, false]) {
    const host = new Host(isReal ? { 'back-ends/other.config': 'theirs\n' } : {})
    for (const policy of ['DEFAULT', 'FUTURE']) {
      await host.updateInProcess(['--set', policy, '--no-reload', '--profile-dir', profile])
      for (const backend of ['krb5', 'gnutls', 'opensshserver']) {
        expect(readlinkSync(host.path('back-ends', `${backend}.config`))).toBe(
          join(profile, policy, `${backend}.txt`),
        )
      }
    }
    expect(host.read('back-ends', 'krb5.config')).toBe(
      readFileSync(join(ROOT, 'test', 'golden', 'FUTURE-krb5.txt'), 'utf8'),
    )
  }
})

test('a pre-built output that was edited is told by --check and by the run alike', async () => {
  const profile = profileWithOutputs()
  const host = new Host()
  const log = host.path('reloads')
  writeFiles(profile, { 'reload-cmds.sh': `echo reloaded >> ${log}\n` })
  const update = (...args: string[]) => host.updateInProcess([...args, '--profile-dir', profile])
  await update('--set', 'DEFAULT', '--no-reload')
  expect((await update('--check')).status).toBe(0)
  expect((await update()).stdout).toContain('Services were reloaded')
  appendFileSync(host.path('back-ends', 'krb5.config'), 'allow_weak_crypto = true\n')
  expect(JSON.parse((await update('--check', '--json')).stdout).result.drift).toMatchObject([
    {
      file: 'back-ends/krb5.config',
      cause: 'pre-built',
      because: [join(profile, 'DEFAULT', 'krb5.txt')],
    },
  ])
  const first = await update()
  expect(first.stderr).toContain('warning[PREBUILT_DIFFERS]')
  expect(readFileSync(log, 'utf8')).toBe('reloaded\nreloaded\n')
  const second = await update()
  expect(second.stdout).toContain('but for what was warned of')
  expect(JSON.parse((await update('--check', '--json')).stdout).result.drift).toMatchObject([
    { file: 'back-ends/krb5.config', cause: 'package' },
  ])
  expect(readFileSync(log, 'utf8')).toBe('reloaded\nreloaded\n')
})

test('reloads where a reload is owed, and where --reload asks for it', async () => {
  const profile = scratchFolder()
  const host = new Host({ 'policies/A.pol': 'hash = SHA2-256\n' })
  const log = host.path('reloads')
  writeFiles(profile, { 'reload-cmds.sh': `echo reloaded >> ${log}\n` })
  const update = (...args: string[]) => host.updateInProcess(['--profile-dir', profile, ...args])
  await update('--set', 'A', '--no-reload')
  await update('--no-reload')
  expect(existsSync(log)).toBe(false)
  const { stdout } = await update()
  expect(stdout).toContain('Services were reloaded')
  await update()
  expect(readFileSync(log, 'utf8')).toBe('reloaded\n')
  await update('--reload')
  expect(readFileSync(log, 'utf8')).toBe('reloaded\nreloaded\n')
})

test('says of one missing file that it was removed, not that nothing was ever applied', async () => {
  const host = new Host({ config: 'DEFAULT\n' })
  expect((await host.updateInProcess(['--check'])).stderr).toContain(
    'no policy has been put in force here yet',
  )
  await host.setInProcess('DEFAULT')
  rmSync(host.path('back-ends', 'java.config'))
  const { stderr } = await host.updateInProcess(['--check'])
  expect(stderr).toContain('back-ends/java.config: is missing: it was removed after it was written')
  expect(stderr).not.toContain('no policy has been put in force')
})

test('masks a drop-in by a link to /dev/null, and leaves out one that leads nowhere', async () => {
  const host = new Host({ 'local.d/krb5-b.config': '# b\n' })
  symlinkSync('/dev/null', host.path('local.d', 'krb5-a.config'))
  symlinkSync('/nowhere/at/all', host.path('local.d', 'krb5-c.config'))
  const { status, stderr } = await host.updateInProcess(['--set', 'DEFAULT', '--no-reload'])
  expect(status).toBe(0)
  expect(stderr).toContain('warning[DROPIN_DANGLING]')
  expect(stderr).toContain('krb5-c.config')
  expect(host.read('back-ends', 'krb5.config')).toMatch(/\n# b\n$/)
  expect((await host.updateInProcess(['--check'])).status).toBe(0)
})

test('takes line ends of Windows as the reference does', async () => {
  const host = new Host({
    config: 'DEFAULT\r\n',
    'local.d/krb5-a.config': '# a\r\n# b\r\n',
  })
  expect((await host.updateInProcess(['--no-reload'])).status).toBe(0)
  expect(host.read('back-ends', 'krb5.config')).toMatch(/\n# a\n# b\n$/)
  expect((await host.updateInProcess(['--is-applied'])).status).toBe(0)
  expect((await host.updateInProcess(['--check'])).status).toBe(0)
})

test('refuses --set with an empty name at a colon, which would drop modules', async () => {
  const host = new Host({ config: 'DEFAULT:NO-SHA1\n' })
  for (const given of [':', '::', 'DEFAULT:', 'DEFAULT::NO-PQ', '::NO-PQ', ':NO-PQ:']) {
    const { status, stderr } = await host.updateInProcess(['--set', given, '--no-reload'])
    // As the reference, which looks for a module without a name.
    expect(status).toBe(1)
    expect(stderr).toContain('error[POLICY_EMPTY_NAME]')
    const isNothing = /^:+$/.test(given)
    const reason = isNothing ? 'names neither a policy nor a module' : 'has a colon'
    expect(stderr).toContain(`--set '${given}' ${reason}`)
  }
  expect(host.read('config')).toBe('DEFAULT:NO-SHA1\n')
})

import { cpSync, readFileSync, readlinkSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BACKENDS } from '../../src/backends/all-backends.ts'
import { ROOT, run, runFile, scratchFolder, writeFiles } from './command.ts'
import { Host } from './host.ts'
import { resultOf } from './json-output.ts'

const golden = (policy: string, backend: string) =>
  readFileSync(join(ROOT, 'test', 'golden', `${policy}-${backend}.txt`), 'utf8')

test('sets a policy for every back-end', async () => {
  const host = new Host()
  const { status, stdout } = await host.updateInProcess(['--set', 'FUTURE', '--no-reload'])
  expect(status).toBe(0)
  expect(stdout).toContain('Setting system policy to FUTURE')
  for (const { name } of BACKENDS) {
    expect(host.read('back-ends', `${name}.config`), name).toBe(golden('FUTURE', name))
  }
  expect(host.read('config')).toBe('FUTURE\n')
  expect(host.read('state', 'current')).toBe('FUTURE\n')
  expect(host.read('state', 'CURRENT.pol')).toContain('# Policy FUTURE dump\n')
})

test('layers modules, in whatever case they are typed', async () => {
  const host = new Host()
  await host.setInProcess('fips:ospp')
  expect(host.read('config')).toBe('FIPS:OSPP\n')
  expect(host.read('back-ends', 'gnutls.config')).toBe(golden('FIPS:OSPP', 'gnutls'))
})

test('keeps the policy and replaces the modules with --set :MODULE', async () => {
  const host = new Host({ config: 'FUTURE:NO-PQ\n' })
  await host.setInProcess(':NO-CAMELLIA')
  expect(host.read('config')).toBe('FUTURE:NO-CAMELLIA\n')
})

test('reads a configuration with comments and modules on lines of their own', async () => {
  const host = new Host({ config: '# ours\nLEGACY # for now\nAD-SUPPORT\n' })
  expect((await host.updateInProcess(['--show'])).stdout).toBe('LEGACY:AD-SUPPORT\n')
})

test('takes the shipped default where nothing is configured, and --show writes nothing', async () => {
  const host = new Host()
  expect(await host.updateInProcess(['--show'])).toMatchObject({ status: 0, stdout: 'DEFAULT\n' })
  expect(host.times()).toEqual({})
})

test('takes its folders from the environment', () => {
  const base = scratchFolder()
  const env = { base_dir: base, profile_dir: ROOT }
  expect(run('update-policies', ['--no-reload'], { env }).status).toBe(0)
  expect(readFileSync(join(base, 'state', 'current'), 'utf8')).toBe('DEFAULT\n')
})

test('writes nothing where nothing would change', async () => {
  const host = new Host()
  await host.setInProcess('DEFAULT')
  const before = host.times()
  const { status, stdout } = await host.updateInProcess(['--set', 'DEFAULT'])
  expect(status).toBe(0)
  expect(stdout).toContain('Nothing to do')
  expect(host.times()).toEqual(before)
})

test('tells in JSON what it changed', async () => {
  const host = new Host()
  await host.setInProcess('DEFAULT')
  const first = resultOf(
    (await host.updateInProcess(['--set', 'DEFAULT:SHA1', '--no-reload', '--json'])).stdout,
  )
  expect(first.policy).toBe('DEFAULT:SHA1')
  expect(first.changed).toContain('back-ends/opensslcnf.config')
  expect(first.changed).not.toContain('back-ends/krb5.config')
  const second = resultOf((await host.updateInProcess(['--no-reload', '--json'])).stdout)
  expect(second.changed).toEqual([])
})

test('answers --is-applied with 77, 0 and 1', async () => {
  const host = new Host()
  expect((await host.updateInProcess(['--is-applied'])).status).toBe(77)
  await host.setInProcess('DEFAULT')
  expect(await host.updateInProcess(['--is-applied'])).toMatchObject({
    status: 0,
    stdout: 'The configured policy is applied\n',
  })
  host.write({ config: 'LEGACY\n' })
  expect(await host.updateInProcess(['--is-applied'])).toMatchObject({
    status: 1,
    stdout: 'The configured policy is NOT applied\n',
  })
})

test('is applied again after a run, where the configuration was only touched', async () => {
  const host = new Host()
  await host.setInProcess('DEFAULT')
  const later = new Date(Date.now() + 2000)
  utimesSync(host.path('config'), later, later)
  expect((await host.updateInProcess(['--is-applied'])).status).toBe(1)
  utimesSync(host.path('config'), new Date(), new Date())
  expect((await host.updateInProcess(['--no-reload'])).status).toBe(0)
  expect((await host.updateInProcess(['--is-applied'])).status).toBe(0)
})

test('links to pre-built outputs where there is no drop-in', async () => {
  const profile = scratchFolder()
  const built = run('cryptopolicy', ['build', '--no-verify', join(ROOT, 'policies'), profile])
  expect(built.status).toBe(0)
  cpSync(join(ROOT, 'policies'), join(profile, 'policies'), { recursive: true })
  const host = new Host({ 'local.d/nss-site.config': 'name=site\n' })
  await host.updateInProcess(['--set', 'LEGACY', '--no-reload', '--profile-dir', profile])
  expect(readlinkSync(host.path('back-ends', 'bind.config'))).toBe(
    join(profile, 'LEGACY', 'bind.txt'),
  )
  expect(host.read('back-ends', 'nss.config')).toBe(`${golden('LEGACY', 'nss')}name=site\n`)
  expect((await host.updateInProcess(['--check', '--profile-dir', profile])).status).toBe(0)
})

test('appends drop-ins in sorted order', async () => {
  const host = new Host({
    'local.d/bind-b.config': '// b\n',
    'local.d/bind-a.config': '// a\n',
    'local.d/bind.config': '// not a drop-in\n',
    'local.d/bindx-c.config': '// of another back-end\n',
  })
  await host.setInProcess('DEFAULT')
  expect(host.read('back-ends', 'bind.config')).toBe(`${golden('DEFAULT', 'bind')}// a\n// b\n`)
})

test('uses the hand-made files of a policy without directives', async () => {
  const profile = scratchFolder()
  const host = new Host({
    'policies/MINE.pol': '# made by hand\n',
    'local.d/krb5-x.config': '# more\n',
  })
  writeFiles(profile, { 'MINE/krb5.txt': '[libdefaults]\n' })
  const { status } = await host.updateInProcess([
    '--set',
    'MINE',
    '--no-reload',
    '--profile-dir',
    profile,
  ])
  expect(status).toBe(0)
  expect(host.read('back-ends', 'krb5.config')).toBe('[libdefaults]\n# more\n')
})

test('runs the reload script of the profile, once for each change', async () => {
  const profile = scratchFolder()
  const host = new Host({ 'policies/A.pol': 'hash = SHA2-256\n' })
  const log = host.path('reloads')
  writeFiles(profile, { 'reload-cmds.sh': `echo reloaded >> ${log}\n` })
  const set = (...args: string[]) =>
    host.updateInProcess(['--set', 'A', '--profile-dir', profile, ...args])
  expect((await set()).status).toBe(0)
  expect((await set()).status).toBe(0)
  expect(readFileSync(log, 'utf8')).toBe('reloaded\n')
  host.write({ 'policies/A.pol': 'hash = SHA2-384\n' })
  expect((await set('--no-reload')).status).toBe(0)
  expect(readFileSync(log, 'utf8')).toBe('reloaded\n')
})

test('makes folders that every user can read, whatever the umask', () => {
  const host = new Host()
  const launcher = join(ROOT, 'bin', 'update-policies')
  const script = `umask 077; exec ${launcher} --base-dir ${host.base} --set DEFAULT --no-reload`
  expect(runFile('/bin/sh', ['-c', script]).status).toBe(0)
  for (const path of ['.generations', 'back-ends', 'state']) {
    expect(statSync(host.path(path)).mode & 0o777, path).toBe(0o755)
  }
  expect(statSync(host.path('back-ends', 'gnutls.config')).mode & 0o777).toBe(0o644)
  expect(statSync(host.path('config')).mode & 0o777).toBe(0o644)
})

test('refuses wrong usage with 2, as its model does', async () => {
  const host = new Host()
  for (const args of [
    ['--set', 'A', '--show'],
    ['--check', '--is-applied'],
    ['--nonsense'],
    ['x'],
  ]) {
    const { status, stderr } = await host.updateInProcess(args)
    expect(status, args.join(' ')).toBe(2)
    expect(stderr).not.toMatch(/ at .*\.js:/)
  }
  expect(
    (await host.updateInProcess(['--no-check', '--set', 'DEFAULT', '--no-reload'])).status,
  ).toBe(0)
})

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
  const told = (said: string) => ({ status: 77, stdout: '', stderr: `${said}\n` })
  const missing = `there is no ${host.path('config')}: run update-policies --set POLICY`
  expect(await host.updateInProcess(['--is-applied'])).toEqual(told(missing))
  host.write({ config: 'DEFAULT\n' })
  const never = 'no policy has been put in force here yet: run update-policies'
  expect(await host.updateInProcess(['--is-applied'])).toEqual(told(never))
  const quiet = await host.updateInProcess(['--is-applied', '--quiet'])
  expect(quiet).toEqual({ status: 77, stdout: '', stderr: '' })
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

test('says what was done, and of what is done already that it is', async () => {
  const profile = scratchFolder()
  const host = new Host({ 'policies/A.pol': 'hash = SHA2-256\n' }, profile)
  writeFiles(profile, { 'reload-cmds.sh': 'true\n' })
  const said = async (...args: readonly string[]) =>
    (await host.updateInProcess(['--set', 'A', ...args])).stdout.split('\n')
  const head = 'Setting system policy to A'
  expect(await said()).toEqual([
    head,
    'Note: System-wide crypto policies are applied on application start-up.',
    'It is recommended to restart the system for the change of policies',
    'to fully take place.',
    '',
  ])
  expect(await said()).toEqual([head, 'Nothing to do: it is in force already.', ''])
  expect(await said('--reload')).toEqual([
    head,
    'Services were reloaded; nothing else to do: it is in force already.',
    '',
  ])
  expect(await said('--quiet')).toEqual([''])
})

test('lists what there is, as lines and as JSON', async () => {
  const profile = scratchFolder()
  const text = 'cipher = AES-256-GCM\n'
  writeFiles(profile, { 'policies/OURS.pol': text, 'policies/modules/LESS.pmod': text })
  const host = new Host({ config: 'OURS\n', 'applications/web.pmod': 'hash = -SHA1\n' }, profile)
  writeFiles(profile, {
    'applications/longer.pmod': '# %back_ends=gnutls,java\n# %enabled_by_default=false\n',
  })
  const asked = async (...args: readonly string[]) => (await host.updateInProcess(args)).stdout
  const folder = join(profile, 'policies')
  const listed = await asked('--list')
  expect(listed).toContain(`policies in ${folder}:\n  OURS\n`)
  expect(listed).toContain(`modules in ${join(folder, 'modules')}:\n  LESS\n`)
  expect(listed).toMatch(/^configured: OURS\nin force: nothing yet\n$/m)
  expect(resultOf(await asked('--list', '--json'))).toEqual({
    ...{ action: 'list', configured: 'OURS', inForce: null },
    policies: expect.arrayContaining([{ name: 'OURS', path: join(folder, 'OURS.pol') }]),
    modules: expect.arrayContaining([{ name: 'LESS', path: join(folder, 'modules', 'LESS.pmod') }]),
  })
  const [shipped, own] = [join(profile, 'applications'), host.path('applications')]
  expect((await asked('--list-applications')).split('\n')).toEqual([
    `longer  not enabled  @LONGER gnutls,java  ${join(shipped, 'longer.pmod')}`,
    `web     enabled      @WEB gnutls  ${join(own, 'web.pmod')}`,
    '',
  ])
  const { action, applications } = resultOf(await asked('--list-applications', '--json'))
  expect([action, applications[1]]).toEqual([
    'list-applications',
    {
      ...{ name: 'web', state: 'enabled', path: join(own, 'web.pmod'), keyword: 'WEB' },
      ...{ backEnds: ['gnutls'], mayExceed: false },
    },
  ])
  const bare = new Host({}, scratchFolder())
  const { stdout } = await bare.updateInProcess(['--list-applications'])
  expect(stdout).toBe('no application policy is there\n')
})

test('--check says of a host that has no policy yet what to do', async () => {
  const host = new Host()
  const said = async (...args: readonly string[]) => {
    const { status, stdout, stderr } = await host.updateInProcess(['--check', ...args])
    return [status, stdout, stderr.split('\n')]
  }
  const head = 'The configured policy does NOT match the generated policy'
  const what = 'no policy has been put in force here yet: run update-policies'
  expect(await said()).toEqual([1, '', [head, what, '']])
  expect(await said('--quiet')).toEqual([1, '', [head, '']])
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

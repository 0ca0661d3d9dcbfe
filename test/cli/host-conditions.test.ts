import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { spawn } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { type Outcome, ROOT, runFile, scratchFolder, writeFiles } from './command.ts'
import { Host } from './host.ts'

const LAUNCHER = join(ROOT, 'bin', 'update-policies')
const NOBODY = 65_534

/** Runs a shell script in a mount namespace of its own: its mounts are gone with it. */
function inNamespace(script: string): Outcome {
  return runFile('unshare', ['--mount', 'sh', '-euc', script])
}

/** Starts runs of update-policies at the same time and waits for all. */
function runTogether(host: Host, policies: readonly string[]): Promise<readonly number[]> {
  return Promise.all(
    policies.map(async (policy) => {
      const args = ['--base-dir', host.base, '--set', policy, '--no-reload', '--quiet']
      const child = spawn(LAUNCHER, args, { stdio: 'ignore' })
      const [status] = await once(child, 'exit')
      return status as number
    }),
  )
}

test('lets runs at the same time follow each other', async () => {
  const host = new Host()
  await host.setInProcess('DEFAULT')
  const expected: Record<string, ReturnType<Host['visible']>> = {}
  for (const policy of ['LEGACY', 'FUTURE', 'BSI']) {
    const other = new Host()
    await other.setInProcess(policy)
    expected[policy] = other.visible()
  }
  const policies = ['LEGACY', 'FUTURE', 'BSI', 'LEGACY', 'FUTURE', 'BSI']
  expect(await runTogether(host, policies)).toEqual(policies.map(() => 0))
  const last = host.read('state', 'current').trim()
  expect(host.visible()).toEqual(expected[last])
  await host.setInProcess(last)
  expect(host.leftovers()).toEqual([])
})

/** Starts a run that has read all of its files and now waits for the lock; `end` gives its exit status. */
async function startWaiting(host: Host, args: readonly string[]) {
  const own = ['--base-dir', host.base, '--no-reload', '--no-verify']
  const child = spawn(LAUNCHER, [...own, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  const gone = once(child, 'exit')
  let said = ''
  while (!said.includes('note[RUN_WAITING]')) said += (await once(child.stderr, 'data'))[0]
  child.stderr.resume()
  return { end: async () => (await gone)[0] as number | null }
}

function holdLock(host: Host): DatabaseSync {
  const lock = new DatabaseSync(host.path('.generations', 'lock'))
  lock.exec('BEGIN EXCLUSIVE')
  return lock
}

test('says that it waits for another run', async () => {
  const host = new Host()
  await host.setInProcess('DEFAULT')
  const lock = holdLock(host)
  const run = await startWaiting(host, ['--set', 'FUTURE'])
  expect(host.read('state', 'current')).toBe('DEFAULT\n')
  lock.close()
  expect(await run.end()).toBe(0)
  expect(host.read('state', 'current')).toBe('FUTURE\n')
})

test('runs at the same time do not take back what each other has set or enabled', async () => {
  const host = new Host()
  await host.setInProcess('DEFAULT')
  const lock = holdLock(host)
  const wanted = [
    ['--enable-application', 'libvirt'],
    ['--enable-application', 'qemu'],
    ['--set', 'FUTURE'],
  ]
  const runs = await Promise.all(wanted.map((args) => startWaiting(host, args)))
  lock.close()
  expect(await Promise.all(runs.map(({ end }) => end()))).toEqual([0, 0, 0])
  expect(host.read('state', 'current')).toBe('FUTURE\n')
  const strings = host.read('back-ends', 'gnutls.config').match(/^[A-Z]+=(?=NONE:)/gm)
  expect(strings).toEqual(['LIBVIRT=', 'QEMU='])
  expect((await host.updateInProcess(['--check'])).status).toBe(0)
})

testWith(
  'setpriv',
  'refuses a policy file that it may not read, though a namesake is shipped',
  () => {
    const host = new Host({ 'policies/LEGACY.pol': 'hash = SHA1\n' })
    chmodSync(host.path('policies', 'LEGACY.pol'), 0o000)
    chownSync(host.base, NOBODY, NOBODY)
    const user = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups']
    const args = [LAUNCHER, '--base-dir', host.base, '--set', 'LEGACY']
    const { status, stderr } = runFile('setpriv', [...user, ...args])
    expect(status).toBe(1)
    expect(stderr).toMatch(/error\[FILE_UNREADABLE\]: cannot read .*LEGACY\.pol: permission denied/)
  },
)

testWith('setpriv', 'tells others than root that they cannot change /etc', async () => {
  const user = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups']
  const { status, stderr } = runFile('setpriv', [...user, LAUNCHER, '--set', 'DEFAULT'])
  expect(status).toBe(1)
  expect(stderr).toContain('You must be root to run update-policies.')
})

testWith('unshare', 'refuses a base directory on a read-only file system', async () => {
  const host = new Host()
  await host.setInProcess('DEFAULT')
  const { base } = host
  const { status, stderr } = inNamespace(
    `mount --bind ${base} ${base}; mount -o remount,ro,bind ${base}
     ${LAUNCHER} --base-dir ${base} --set FUTURE --no-reload`,
  )
  expect(status).toBe(1)
  expect(stderr).toContain('error[FILE_UNWRITABLE]')
  expect(stderr).toContain('the file system is read-only')
  expect(host.read('state', 'current')).toBe('DEFAULT\n')
})

testWith('unshare', 'refuses when the disk is full, and the old files stay', async () => {
  const host = new Host()
  const { base } = host
  const { status, stdout, stderr } = inNamespace(
    `mount -t tmpfs -o size=192k none ${base}
     ${LAUNCHER} --base-dir ${base} --set DEFAULT --no-reload --quiet
     dd if=/dev/zero of=${base}/ballast bs=4k 2>/dev/null || true
     ${LAUNCHER} --base-dir ${base} --set FUTURE --no-reload || echo "status $?"
     cat ${base}/config ${base}/state/current
     rm ${base}/ballast
     ${LAUNCHER} --base-dir ${base} --check`,
  )
  expect(status, stderr).toBe(0)
  expect(stderr).toContain('the disk is full')
  expect(stdout).toBe(
    'status 1\nDEFAULT\nDEFAULT\nThe configured policy matches the generated policy\n',
  )
})

/** Makes the kernel look as if it had been started with fips=1. */
const FIPS_KERNEL = `
  mount -t tmpfs none /proc/sys
  mkdir -p /proc/sys/crypto
  echo 1 > /proc/sys/crypto/fips_enabled
`

testWith('unshare', 'takes FIPS in FIPS mode where nothing is configured', async () => {
  const host = new Host()
  const { stdout } = inNamespace(`${FIPS_KERNEL} ${LAUNCHER} --base-dir ${host.base} --show`)
  expect(stdout).toBe('FIPS\n')
})

testWith('unshare', 'warns when FIPS mode and the policy part ways', async () => {
  const host = new Host({ config: 'FIPS\n' })
  const left = inNamespace(
    `${FIPS_KERNEL} ${LAUNCHER} --base-dir ${host.base} --set DEFAULT --no-reload`,
  )
  expect(left.status).toBe(0)
  expect(left.stderr).toContain('warning[FIPS_LEFT]')
  const alone = await host.updateInProcess(['--set', 'FIPS', '--no-reload'])
  expect(alone.stderr).toContain('warning[FIPS_NEEDS_KERNEL]')
})

/** What the start-up units of a distribution mount when the kernel runs in FIPS mode. */
function mountFips(host: Host): string {
  const share = scratchFolder()
  writeFiles(share, {
    'crypto-policies/default-fips-config': 'FIPS\n',
    'crypto-policies/back-ends/FIPS/gnutls.config': 'mounted\n',
  })
  return `
    mount --bind ${share}/crypto-policies/back-ends/FIPS ${host.base}/back-ends
    mount --bind ${share}/crypto-policies/default-fips-config ${host.base}/config
  `
}

testWith('unshare', 'leaves a mounted FIPS policy alone until one is set', async () => {
  const host = new Host()
  await host.setInProcess('LEGACY')
  host.write({ 'local.d/nss-x.config': 'name=x\n' })
  const command = `${LAUNCHER} --base-dir ${host.base} --no-reload`
  const { status, stderr } = inNamespace(`${mountFips(host)}
    ${command}
    grep -qx mounted ${host.base}/back-ends/gnutls.config
    ! ${command} --is-applied
    ${command} --set FUTURE
    cmp ${host.base}/back-ends/gnutls.config ${ROOT}/test/golden/FUTURE-gnutls.txt`)
  expect(status, stderr).toBe(0)
  expect(stderr).toContain('warning[FIPS_MOUNTED]')
  expect(stderr).toContain('warning[FIPS_MOUNTED_IGNORES_DROPINS]')
  expect(host.read('state', 'current')).toBe('FUTURE\n')
})

test('keeps a file of another program that stands beside ours', async () => {
  const host = new Host()
  mkdirSync(host.path('back-ends'))
  writeFileSync(host.path('back-ends', 'other.config'), 'theirs\n')
  await host.setInProcess('DEFAULT')
  await host.setInProcess('FUTURE')
  expect(host.read('back-ends', 'other.config')).toBe('theirs\n')
})

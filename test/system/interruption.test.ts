/**
 * `update-policies` is killed, or fails, at single system calls of a switch.
 *
 * A test takes a few moments, from the first to the last; `npm run soak:moments` takes them all.
 */
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { ROOT, run, scratchFolder } from '../cli/command.ts'
import { Host } from '../cli/host.ts'
import { testWith } from '../peers/peer.ts'
import { countCalls, type Fault, type Moment, runWithFault } from './fault.ts'

/** A host whose folders are links through the switch, as we make them. */
async function ownHost(): Promise<Host> {
  const host = new Host()
  await host.setInProcess('DEFAULT')
  return host
}

/** Programs with lines in a file of the system, and with files of their own. */
const APPLICATIONS = {
  'applications/guests.pmod': 'key_exchange = -RSA\n',
  'applications/shop.pmod':
    '# %back_ends=gnutls, openssl, java, nginx, node\nprotocol@TLS = -TLS1.1 -TLS1.0\n',
  'applications/mail.pmod': '# %back_ends=nginx\ncipher = -AES-128-CBC\n',
}

async function hostWithApplications(): Promise<Host> {
  const host = new Host(APPLICATIONS)
  await host.setInProcess('DEFAULT')
  return host
}

/** A host whose back-ends/ and state/ are real folders, as distributions ship them. */
async function foreignHost(): Promise<Host> {
  return likeDistribution(await ownHost())
}

function likeDistribution(made: Host, files: Readonly<Record<string, string>> = {}): Host {
  const host = new Host({ config: 'DEFAULT\n', ...files })
  for (const folder of ['back-ends', 'state']) {
    cpSync(`${made.path(folder)}/`, host.path(folder), { recursive: true, dereference: true })
  }
  return host
}

function copyOf({ base, profileOptions: [, profile] }: Host): Host {
  const host = new Host({}, profile)
  cpSync(base, host.base, { recursive: true, verbatimSymlinks: true })
  return host
}

type Visible = ReturnType<Host['visible']>

/** So many moments of each test are enough to see a mistake of the whole. */
const FEW = 5

function choose(moments: readonly Moment[]): readonly Moment[] {
  if (process.env.EVERY_MOMENT) return moments
  const last = moments.length - 1
  const places = Array.from({ length: FEW }, (_, at) => Math.round((at * last) / (FEW - 1)))
  return moments.filter((_, at) => places.includes(at))
}

const OPTIONS = ['--set', 'FUTURE', '--no-reload', '--no-verify', '--quiet']

function argsOf({ base, profileOptions }: Host): readonly string[] {
  return ['--base-dir', base, ...profileOptions, ...OPTIONS]
}

/** Interrupts `--set FUTURE` at each of these calls in turn; each time all files are old or new. */
async function interruptEverywhere(
  original: Host,
  fault: Fault,
  calls: readonly string[],
): Promise<void> {
  const old = original.visible()
  const after = copyOf(original)
  await after.setInProcess('FUTURE')
  const fresh = after.visible()
  const seen = { old: 0, new: 0 }
  let hits = 0
  const interrupt = async (moment: Moment): Promise<void> => {
    const host = copyOf(original)
    const log = host.path('strace.log')
    const run = runWithFault('update-policies', argsOf(host), log, moment, fault)
    const { status, stderr, isHit } = run
    hits += isHit ? 1 : 0
    const state = classify(host.visible(), old, fresh)
    expect(state, `${moment.call} ${moment.n}: ${stderr}`).not.toBe('mixed')
    if (state !== 'mixed') seen[state]++
    if ('error' in fault && status !== 0) expectClearRefusal(host, state, stderr)
    await expectRepair(host, fresh, state)
    rmSync(host.base, { recursive: true, force: true })
  }
  const counted = copyOf(original)
  const moments = choose(
    countCalls('update-policies', argsOf(counted), counted.path('strace.log'), calls),
  )
  for (const moment of moments) await interrupt(moment)
  // How often threads wake each other by a write differs from run to run.
  expect(hits).toBeGreaterThan(moments.length / 2)
  expect(seen.old).toBeGreaterThan(0)
  expect(seen.new).toBeGreaterThan(0)
}

function classify(visible: Visible, old: Visible, fresh: Visible): 'old' | 'new' | 'mixed' {
  if (JSON.stringify(visible) === JSON.stringify(old)) return 'old'
  if (JSON.stringify(visible) === JSON.stringify(fresh)) return 'new'
  return 'mixed'
}

function expectClearRefusal(host: Host, state: string, stderr: string): void {
  if (state === 'old') expect(host.read('config')).toBe('DEFAULT\n')
  else expect(stderr).not.toContain('nothing was changed')
  expect(stderr).not.toMatch(/\n\s+at /)
}

/** The next run that changes anything finishes the work and leaves nothing behind. */
async function expectRepair(host: Host, fresh: Visible, state: string): Promise<void> {
  await host.setInProcess('FUTURE')
  expect(host.visible()).toEqual(fresh)
  if (state === 'new') await host.setInProcess('DEFAULT')
  expect(host.leftovers()).toEqual([])
}

const SWITCHING = ['rename', 'symlink', 'mkdir', 'unlink', 'unlinkat', 'rmdir']
const LIMIT = 1_200_000

testWith(
  'strace',
  'kill -9 at any moment leaves all files old or all new',
  async () => interruptEverywhere(await ownHost(), { signal: 'KILL' }, [...SWITCHING, 'fsync']),
  LIMIT,
)

testWith(
  'strace',
  'kill -9 leaves all files old or all new in folders of a distribution',
  async () => interruptEverywhere(await foreignHost(), { signal: 'KILL' }, SWITCHING),
  LIMIT,
)

testWith(
  'strace',
  'kill -9 leaves all files old or all new where applications have some of them',
  async () =>
    interruptEverywhere(await hostWithApplications(), { signal: 'KILL' }, [
      ...SWITCHING,
      'fsync',
      'link',
    ]),
  LIMIT,
)

testWith(
  'strace',
  'kill -9 leaves all files old or all new in folders of a distribution with applications',
  async () => {
    const host = likeDistribution(await ownHost(), APPLICATIONS)
    await host.setInProcess('DEFAULT')
    await interruptEverywhere(host, { signal: 'KILL' }, SWITCHING)
  },
  LIMIT,
)

testWith(
  'strace',
  'a full disk leaves all files old or all new',
  async () =>
    interruptEverywhere(await ownHost(), { error: 'ENOSPC' }, ['symlink', 'mkdir', 'write']),
  LIMIT,
)

testWith(
  'strace',
  'a failing rename, fsync, unlink or chmod leaves all files old or all new',
  async () =>
    interruptEverywhere(await ownHost(), { error: 'EIO' }, ['rename', 'fsync', 'unlink', 'chmod']),
  LIMIT,
)

testWith(
  'strace',
  'kill -9 leaves all files old or all new where they are links to pre-built outputs',
  async () => {
    const profile = scratchFolder()
    cpSync(join(ROOT, 'policies'), join(profile, 'policies'), { recursive: true })
    for (const policy of ['DEFAULT', 'FUTURE']) {
      run('cryptopolicy', [
        'build',
        '--no-verify',
        '--policy',
        policy,
        join(ROOT, 'policies'),
        profile,
      ])
    }
    const host = new Host({ 'back-ends/other.config': 'theirs\n' }, profile)
    await host.setInProcess('DEFAULT')
    await interruptEverywhere(host, { signal: 'KILL' }, ['rename', 'symlink'])
  },
  LIMIT,
)

testWith(
  'strace',
  'an old set of files that cannot be removed is no failure of a switch',
  async () => {
    const original = await ownHost()
    await original.setInProcess('LEGACY')
    const counted = copyOf(original)
    const log = counted.path('strace.log')
    const moments = countCalls('update-policies', argsOf(counted), log, ['unlinkat', 'rmdir'])
    const fresh = counted.visible()
    expect(moments.length).toBeGreaterThan(0)
    for (const moment of choose(moments)) {
      const host = copyOf(original)
      const log = host.path('strace.log')
      const { status } = runWithFault('update-policies', argsOf(host), log, moment, {
        error: 'EMFILE',
      })
      expect(status, `${moment.call} ${moment.n}`).toBe(0)
      expect(host.visible()).toEqual(fresh)
      await expectRepair(host, fresh, 'new')
    }
  },
  LIMIT,
)

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
function ownHost(): Host {
  const host = new Host()
  host.set('DEFAULT')
  return host
}

/** Programs with lines in a file of the system, and with files of their own. */
const APPLICATIONS = {
  'applications/guests.pmod': 'key_exchange = -RSA\n',
  'applications/shop.pmod':
    '# %back_ends=gnutls, openssl, java, nginx, node\nprotocol@TLS = -TLS1.1 -TLS1.0\n',
  'applications/mail.pmod': '# %back_ends=nginx\ncipher = -AES-128-CBC\n',
}

function hostWithApplications(): Host {
  const host = new Host(APPLICATIONS)
  host.set('DEFAULT')
  return host
}

/** A host whose back-ends/ and state/ are real folders, as distributions ship them. */
function foreignHost(): Host {
  return likeDistribution(ownHost())
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
function interruptEverywhere(original: Host, fault: Fault, calls: readonly string[]): void {
  const old = original.visible()
  const after = copyOf(original)
  after.set('FUTURE')
  const fresh = after.visible()
  const seen = { old: 0, new: 0 }
  let hits = 0
  const interrupt = (moment: Moment): void => {
    const host = copyOf(original)
    const log = host.path('strace.log')
    const run = runWithFault('update-policies', argsOf(host), log, moment, fault)
    const { status, stderr, isHit } = run
    hits += isHit ? 1 : 0
    const state = classify(host.visible(), old, fresh)
    expect(state, `${moment.call} ${moment.n}: ${stderr}`).not.toBe('mixed')
    if (state !== 'mixed') seen[state]++
    if ('error' in fault && status !== 0) expectClearRefusal(host, state, stderr)
    expectRepair(host, fresh, state)
    rmSync(host.base, { recursive: true, force: true })
  }
  const counted = copyOf(original)
  const moments = choose(
    countCalls('update-policies', argsOf(counted), counted.path('strace.log'), calls),
  )
  moments.forEach(interrupt)
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
function expectRepair(host: Host, fresh: Visible, state: string): void {
  host.set('FUTURE')
  expect(host.visible()).toEqual(fresh)
  if (state === 'new') host.set('DEFAULT')
  expect(host.leftovers()).toEqual([])
}

const SWITCHING = ['rename', 'symlink', 'mkdir', 'unlink', 'unlinkat', 'rmdir']
const LIMIT = 1_200_000

testWith(
  'strace',
  'kill -9 at any moment leaves all files old or all new',
  () => interruptEverywhere(ownHost(), { signal: 'KILL' }, [...SWITCHING, 'fsync']),
  LIMIT,
)

testWith(
  'strace',
  'kill -9 leaves all files old or all new in folders of a distribution',
  () => interruptEverywhere(foreignHost(), { signal: 'KILL' }, SWITCHING),
  LIMIT,
)

testWith(
  'strace',
  'kill -9 leaves all files old or all new where applications have some of them',
  () =>
    interruptEverywhere(hostWithApplications(), { signal: 'KILL' }, [
      ...SWITCHING,
      'fsync',
      'link',
    ]),
  LIMIT,
)

testWith(
  'strace',
  'kill -9 leaves all files old or all new in folders of a distribution with applications',
  () => {
    const host = likeDistribution(ownHost(), APPLICATIONS)
    host.set('DEFAULT')
    interruptEverywhere(host, { signal: 'KILL' }, SWITCHING)
  },
  LIMIT,
)

testWith(
  'strace',
  'a full disk leaves all files old or all new',
  () => interruptEverywhere(ownHost(), { error: 'ENOSPC' }, ['symlink', 'mkdir', 'write']),
  LIMIT,
)

testWith(
  'strace',
  'a failing rename, fsync, unlink or chmod leaves all files old or all new',
  () => interruptEverywhere(ownHost(), { error: 'EIO' }, ['rename', 'fsync', 'unlink', 'chmod']),
  LIMIT,
)

testWith(
  'strace',
  'kill -9 leaves all files old or all new where they are links to pre-built outputs',
  () => {
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
    host.set('DEFAULT')
    interruptEverywhere(host, { signal: 'KILL' }, ['rename', 'symlink'])
  },
  LIMIT,
)

testWith(
  'strace',
  'an old set of files that cannot be removed is no failure of a switch',
  () => {
    const original = ownHost()
    original.set('LEGACY')
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
      expectRepair(host, fresh, 'new')
    }
  },
  LIMIT,
)

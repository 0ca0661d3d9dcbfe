import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { ROOT, run, scratchFolder } from '../cli/command.ts'
import { Host } from '../cli/host.ts'
import { testWith } from '../peers/peer.ts'
import { type Fault, type Moment, runWithFault } from './fault.ts'

/** A host whose folders are links through the switch, as we make them. */
function ownHost(): Host {
  const host = new Host()
  host.set('DEFAULT')
  return host
}

/** A host whose back-ends/ and state/ are real folders, as distributions ship them. */
function foreignHost(): Host {
  const made = ownHost()
  const host = new Host({ config: 'DEFAULT\n' })
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

/** Interrupts `--set FUTURE` at each of these calls in turn; each time all files are old or new. */
function interruptEverywhere(
  original: Host,
  fault: Fault,
  calls: readonly string[],
  step = 1,
): void {
  const old = original.visible()
  const after = copyOf(original)
  after.set('FUTURE')
  const fresh = after.visible()
  const seen = { old: 0, new: 0 }
  const interrupt = (moment: Moment): boolean => {
    const host = copyOf(original)
    const options = ['--no-reload', '--no-verify', '--quiet']
    const own = ['--base-dir', host.base, ...host.profileOptions]
    const args = [...own, '--set', 'FUTURE', ...options]
    const log = host.path('strace.log')
    const { status, stderr, isHit } = runWithFault('update-policies', args, log, moment, fault)
    const state = classify(host.visible(), old, fresh)
    expect(state, `${moment.call} ${moment.n}: ${stderr}`).not.toBe('mixed')
    if (state !== 'mixed') seen[state]++
    if ('error' in fault && status !== 0) expectClearRefusal(host, state, stderr)
    expectRepair(host, fresh, state)
    rmSync(host.base, { recursive: true, force: true })
    return isHit
  }
  for (const call of calls) for (let n = 1; interrupt({ call, n }); n += step);
  expect(seen.old).toBeGreaterThan(5)
  expect(seen.new).toBeGreaterThan(0)
}

function classify(visible: Visible, old: Visible, fresh: Visible): 'old' | 'new' | 'mixed' {
  if (JSON.stringify(visible) === JSON.stringify(old)) return 'old'
  if (JSON.stringify(visible) === JSON.stringify(fresh)) return 'new'
  return 'mixed'
}

function expectClearRefusal(host: Host, state: string, stderr: string): void {
  if (state === 'old') expect(host.read('config')).toBe('DEFAULT\n')
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
const LIMIT = 240_000

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
    // Each link moves three times; every fifth moment is as good as all.
    interruptEverywhere(host, { signal: 'KILL' }, ['rename', 'symlink'], 5)
  },
  LIMIT,
)

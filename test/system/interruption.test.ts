import { cpSync, rmSync } from 'node:fs'
import { expect } from 'vitest'
import { Host } from '../cli/host.ts'
import { testWith } from '../peers/peer.ts'
import { type Fault, runWithFault } from './fault.ts'

/** More calls than any run makes. */
const ENDLESS = 400

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

type Visible = ReturnType<Host['visible']>

/** Interrupts `--set FUTURE` at every call in turn; each time all files are old or all are new. */
function interruptEverywhere(makeHost: () => Host, fault: Fault, calls?: readonly string[]): void {
  const old = makeHost().visible()
  const after = makeHost()
  after.set('FUTURE')
  const fresh = after.visible()
  const seen = { old: 0, new: 0 }
  for (let n = 1; n < ENDLESS; n++) {
    const host = makeHost()
    const { status, stderr, isHit } = runWithFault(host.base, 'FUTURE', n, fault, calls)
    const state = classify(host.visible(), old, fresh)
    expect(state, `call ${n}: ${stderr}`).not.toBe('mixed')
    if (state !== 'mixed') seen[state]++
    if ('error' in fault && status !== 0) expectClearRefusal(host, state, stderr)
    expectRepair(host, fresh)
    rmSync(host.base, { recursive: true, force: true })
    if (!isHit) break
  }
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

/** The next run finishes the work and leaves nothing behind. */
function expectRepair(host: Host, fresh: Visible): void {
  host.set('FUTURE')
  expect(host.visible()).toEqual(fresh)
  host.set('DEFAULT')
  expect(host.leftovers()).toEqual([])
}

const SWITCHING = ['rename', 'symlink', 'mkdir', 'unlink', 'unlinkat', 'rmdir']

testWith(
  'strace',
  'kill -9 at any moment leaves all files old or all new',
  () => {
    interruptEverywhere(ownHost, { signal: 'KILL' }, [...SWITCHING, 'fsync'])
  },
  240_000,
)

testWith(
  'strace',
  'kill -9 leaves all files old or all new in folders of a distribution',
  () => {
    interruptEverywhere(foreignHost, { signal: 'KILL' }, SWITCHING)
  },
  240_000,
)

testWith(
  'strace',
  'a full disk leaves all files old or all new',
  () => {
    interruptEverywhere(ownHost, { error: 'ENOSPC' }, ['symlink', 'mkdir', 'write', 'pwrite64'])
  },
  240_000,
)

testWith(
  'strace',
  'a failing rename or fsync leaves all files old or all new',
  () => {
    interruptEverywhere(ownHost, { error: 'EIO' }, ['rename', 'fsync'])
  },
  240_000,
)

/** Renewals that are killed or run out of space at every system call that changes files. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { cpSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { run, scratchFolder } from '../cli/command.ts'
import { testWith } from '../peers/peer.ts'
import { type Fault, type FaultyRun, runWithFault } from '../system/fault.ts'
import { issue, makeAuthority } from './credentials.ts'

const CALLS = ['fchmod', 'fsync', 'rename'] as const
const LIMIT = 120_000

type Folder = { readonly key: string; readonly certificate: string }

function readFolder(folder: string): Folder {
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  return { key: read('server-key.pem'), certificate: read('server-cert.pem') }
}

function matches({ key, certificate }: Folder): boolean {
  return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))
}

/** Fails a renewal at the first, second, ... of each call, and looks at what is left each time. */
function renewWithFaults(
  args: readonly string[],
  fault: Fault,
  look: (before: Folder, after: Folder, folder: string, faulty: FaultyRun) => void,
): void {
  const original = makeAuthority('ed25519')
  issue(original, 'server', 'ed25519')
  const calls = 'error' in fault ? CALLS.slice(1) : CALLS
  const hits = calls.map((call) => {
    for (let n = 1; ; n++) {
      const folder = join(scratchFolder(), 'pki')
      cpSync(original, folder, { recursive: true })
      const before = readFolder(folder)
      const command = ['pki', 'renew', 'server', folder, ...args]
      const log = `${folder}.log`
      const faulty = runWithFault('cryptopolicy', command, log, { call, n }, fault)
      if (!faulty.isHit) return [call, n - 1] as const
      look(before, readFolder(folder), folder, faulty)
    }
  })
  const expected = args.includes('--new-key') ? 2 : 1
  expect(hits).toContainEqual(['rename', expected])
}

/** Nobody but the owner may read a key, in whatever file it is. */
function expectSecrets(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    if (!readFileSync(path, 'utf8').includes('PRIVATE KEY')) continue
    expect([name, statSync(path).mode & 0o077]).toEqual([name, 0])
  }
}

testWith(
  'strace',
  'a renewal that keeps the key leaves the old or the new pair wherever it is killed',
  () => {
    renewWithFaults(['--quiet'], { signal: 'KILL' }, (before, after, folder) => {
      expect(after.key).toBe(before.key)
      expect(matches(after)).toBe(true)
      expectSecrets(folder)
    })
  },
  LIMIT,
)

testWith(
  'strace',
  'a new pair that is cut short is old, new, or a new key that the next run mends',
  () => {
    const halves: string[] = []
    renewWithFaults(['--quiet', '--new-key'], { signal: 'KILL' }, (before, after, folder) => {
      expectSecrets(folder)
      if (matches(after)) return
      halves.push(folder)
      expect(after.certificate).toBe(before.certificate)
      expect(run('cryptopolicy', ['pki', 'check', folder]).status).toBe(1)
      const refused = run('cryptopolicy', ['pki', 'renew', 'server', folder])
      expect(refused.stderr).toContain('--new-key')
      expect(run('cryptopolicy', ['pki', 'renew', 'server', folder, '--new-key']).status).toBe(0)
      expect(matches(readFolder(folder))).toBe(true)
      expect(readdirSync(folder).filter((name) => name.endsWith('tmp'))).toEqual([])
    })
    // Killed as it enters the second of two renames that follow each other.
    expect(halves).toHaveLength(1)
  },
  LIMIT,
)

testWith(
  'strace',
  'a disk that is full leaves the old pair and nothing else',
  () => {
    const args = ['--quiet', '--new-key']
    renewWithFaults(args, { error: 'ENOSPC' }, (before, after, folder, { status, stderr }) => {
      expect(matches(after)).toBe(true)
      // The folder itself is synced last, when the new pair is in place.
      if (after.key === before.key) expect(after).toEqual(before)
      expect(status).toBe(73)
      expect(stderr).toContain('the disk is full')
      expect(readdirSync(folder).filter((name) => name.endsWith('tmp'))).toEqual([])
    })
  },
  LIMIT,
)

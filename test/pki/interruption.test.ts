/**
 * Renewals that are killed or run out of space at system calls that change files.
 *
 * Of the calls of a kind a test takes the first, the last and one between; `npm run soak:moments` takes them all.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { cpSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { run, scratchFolder } from '../cli/command.ts'
import { testWith } from '../peers/peer.ts'
import {
  countCalls,
  type Fault,
  type FaultyRun,
  type Moment,
  runWithFault,
} from '../system/fault.ts'
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

/** Fails a renewal at calls of each kind, and looks at what is left each time. */
function renewWithFaults(
  args: readonly string[],
  fault: Fault,
  look: (before: Folder, after: Folder, folder: string, faulty: FaultyRun) => void,
): void {
  const original = makeAuthority('ed25519')
  issue(original, 'server', 'ed25519')
  const before = readFolder(original)
  const copyAndCommand = () => {
    const folder = join(scratchFolder(), 'pki')
    cpSync(original, folder, { recursive: true })
    return { folder, log: `${folder}.log`, command: ['pki', 'renew', 'server', folder, ...args] }
  }
  const calls = 'error' in fault ? CALLS.slice(1) : CALLS
  const counted = copyAndCommand()
  const moments = countCalls('cryptopolicy', counted.command, counted.log, calls)
  const renames = moments.filter(({ call }) => call === 'rename')
  expect(renames).toHaveLength(args.includes('--new-key') ? 2 : 1)
  for (const moment of calls.flatMap((call) => chooseOf(moments, call))) {
    const { folder, log, command } = copyAndCommand()
    const faulty = runWithFault('cryptopolicy', command, log, moment, fault)
    expect(faulty.isHit, `${moment.call} ${moment.n}`).toBe(true)
    look(before, readFolder(folder), folder, faulty)
  }
}

function chooseOf(moments: readonly Moment[], call: string): readonly Moment[] {
  const all = moments.filter((moment) => moment.call === call)
  if (process.env.EVERY_MOMENT) return all
  return all.filter((_, at) => [0, all.length >> 1, all.length - 1].includes(at))
}

/** Made for a run, and of no use after it. */
function isLeftover(name: string): boolean {
  return /tmp$|journal$|lock$/.test(name)
}

/** Only the owner may read a key, in each file that holds one. */
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
  'a new pair that is cut short is old, new, or completed by the next run',
  () => {
    const halves: string[] = []
    renewWithFaults(['--quiet', '--new-key'], { signal: 'KILL' }, (before, after, folder) => {
      expectSecrets(folder)
      if (matches(after)) return
      halves.push(folder)
      expect(after.certificate).toBe(before.certificate)
      expect(run('cryptopolicy', ['pki', 'check', folder]).status).toBe(1)
      // Whatever the next run is for, it completes the pair first.
      expect(run('cryptopolicy', ['pki', 'renew', 'server', folder]).status).toBe(0)
      const mended = readFolder(folder)
      expect(mended.key).toBe(after.key)
      expect(matches(mended)).toBe(true)
      expect(readdirSync(folder).filter(isLeftover)).toEqual([])
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
      expect(readdirSync(folder).filter(isLeftover)).toEqual([])
    })
  },
  LIMIT,
)

const MAKING: readonly (readonly [string, (folder: string, file: string) => readonly string[]])[] =
  [
    ['init', (folder) => ['init', folder, '--key', 'ed25519']],
    [
      'import',
      (folder, file) => ['import', 'server', file, folder, '--passphrase-file', `${file}.pw`],
    ],
  ]

/** A PKCS #12 file with a server, and its passphrase beside it. */
function makePkcs12(): string {
  const folder = makeAuthority('ed25519')
  issue(folder, 'server', 'ed25519')
  const file = join(folder, 'host.p12')
  writeFileSync(`${file}.pw`, 'a passphrase\n')
  const args = ['pki', 'export', 'server', folder, '--p12', file, '--passphrase-file', `${file}.pw`]
  expect(run('cryptopolicy', args).status).toBe(0)
  return file
}

describe.each(MAKING)('%s', (name, argsFor) => {
  const fileFor = () => (name === 'import' ? makePkcs12() : '')

  testWith(
    'strace',
    'killed at any link, leaves nothing or what the next run makes whole',
    () => {
      const file = fileFor()
      for (let n = 1; ; n++) {
        const folder = join(scratchFolder(), 'pki')
        const args = ['pki', ...argsFor(folder, file), '--quiet']
        const moment = { call: 'link', n }
        const { isHit } = runWithFault('cryptopolicy', args, `${folder}.log`, moment, {
          signal: 'KILL',
        })
        if (!isHit) return expect(n).toBeGreaterThan(2)
        expectSecrets(folder)
        run('cryptopolicy', args)
        const names = readdirSync(folder)
        expect(names.filter(isLeftover)).toEqual([])
        const role = names.includes('server-key.pem') ? 'server' : 'ca'
        const pair = {
          key: readFileSync(join(folder, `${role}-key.pem`), 'utf8'),
          certificate: readFileSync(join(folder, `${role}-cert.pem`), 'utf8'),
        }
        expect(matches(pair)).toBe(true)
      }
    },
    LIMIT,
  )

  testWith(
    'strace',
    'on a disk that is full leaves no folder',
    () => {
      const file = fileFor()
      for (const call of ['fchmod', 'link']) {
        const folder = join(scratchFolder(), 'pki')
        const args = ['pki', ...argsFor(folder, file), '--quiet']
        const fault = { error: 'ENOSPC' } as const
        const faulty = runWithFault('cryptopolicy', args, `${folder}.log`, { call, n: 2 }, fault)
        expect(faulty).toMatchObject({ status: 73, isHit: true })
        expect(existsSync(folder)).toBe(false)
      }
    },
    LIMIT,
  )
})

testWith(
  'strace',
  'a renewal of the authority with a new key is all done or not at all',
  () => {
    for (let n = 1; ; n++) {
      const folder = join(scratchFolder(), 'pki')
      cpSync(makeAuthority('ed25519'), folder, { recursive: true })
      const args = ['pki', 'renew', 'authority', folder, '--new-key', '--quiet']
      const moment = { call: 'rename', n }
      const { isHit } = runWithFault('cryptopolicy', args, `${folder}.log`, moment, {
        signal: 'KILL',
      })
      if (!isHit) return expect(n).toBe(3)
      // It tells that a renewal is under way: the one that was killed.
      expect(run('cryptopolicy', args).stderr).toContain('ca-key-former.pem')
      expect(readdirSync(folder).toSorted()).toEqual([
        ...['ca-cert.pem', 'ca-key-former.pem', 'ca-key.pem'],
      ])
      const read = (name: string) => readFileSync(join(folder, name), 'utf8')
      expect(matches({ key: read('ca-key.pem'), certificate: read('ca-cert.pem') })).toBe(true)
    }
  },
  LIMIT,
)

/** A folder of credentials may lie where others can make files: only what a run of this user wrote down is finished. */
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { finishJournal, type JournalEntry, writeJournal } from '../../src/pki/write-journal.ts'
import { scratchFolder } from '../cli/command.ts'

const isRoot = process.geteuid?.() === 0

const JOURNAL = '.cryptopolicy-pki.journal'
const STAGED = 'server-cert.pem.a1b2.cryptopolicy-tmp'

/** The user without any rights. */
const NOBODY = 65_534

let root: string

beforeEach(() => {
  root = join(scratchFolder(), 'pki')
  mkdirSync(root)
  writeFileSync(join(root, STAGED), 'new', { mode: 0o600 })
  writeFileSync(join(root, 'server-cert.pem'), 'old')
})

function writeDown(entry: Partial<JournalEntry> = {}, path = join(root, JOURNAL)): void {
  const whole = { temporary: STAGED, path: 'server-cert.pem', isNew: false, ...entry }
  writeFileSync(path, JSON.stringify([whole]), { mode: 0o600 })
}

function inPlace(): string {
  return readFileSync(join(root, 'server-cert.pem'), 'utf8')
}

test('what a killed run wrote down is put in place, and the journal is gone', () => {
  writeDown()
  finishJournal(root)
  expect(inPlace()).toBe('new')
  expect(existsSync(join(root, STAGED))).toBe(false)
  expect(existsSync(join(root, JOURNAL))).toBe(false)
})

test('a new file takes the place of none that another program made meanwhile', () => {
  writeDown({ isNew: true })
  finishJournal(root)
  expect(inPlace()).toBe('old')
  expect(existsSync(join(root, STAGED))).toBe(false)
})

describe('nothing is moved by a journal', () => {
  test.each([
    ['that others may read', 0o640],
    ['that others may write', 0o602],
  ])('%s', (_, mode) => {
    writeDown()
    chmodSync(join(root, JOURNAL), mode)
    finishJournal(root)
    expect(inPlace()).toBe('old')
  })

  test.skipIf(!isRoot)('of another user [root]', () => {
    writeDown()
    chownSync(join(root, JOURNAL), NOBODY, NOBODY)
    finishJournal(root)
    expect(inPlace()).toBe('old')
  })

  test('that has a second name', () => {
    writeDown()
    linkSync(join(root, JOURNAL), join(root, 'second'))
    finishJournal(root)
    expect(inPlace()).toBe('old')
  })

  test('that is too large', () => {
    const padTo = (size: number) => {
      writeDown()
      const { length } = readFileSync(join(root, JOURNAL))
      appendFileSync(join(root, JOURNAL), ' '.repeat(size - length))
      finishJournal(root)
    }
    padTo(65_537)
    expect(inPlace()).toBe('old')
    padTo(65_536)
    expect(inPlace()).toBe('new')
  })

  test('that is a link', () => {
    const elsewhere = join(scratchFolder(), 'journal')
    writeDown({}, elsewhere)
    symlinkSync(elsewhere, join(root, JOURNAL))
    finishJournal(root)
    expect(inPlace()).toBe('old')
  })

  test.each([
    ['cut short', '[{"temporary":'],
    ['of another form', '{}'],
    ['that is null', 'null'],
    ['with other entries', '[null,"x",1,{}]'],
    ['without a path', `[{"temporary":"${STAGED}","isNew":false}]`],
    ['without a temporary name', '[{"path":"server-cert.pem","isNew":false}]'],
    ['without whether it is new', `[{"temporary":"${STAGED}","path":"server-cert.pem"}]`],
  ])('%s', (_, text) => {
    writeFileSync(join(root, JOURNAL), text, { mode: 0o600 })
    finishJournal(root)
    expect(inPlace()).toBe('old')
    expect(existsSync(join(root, JOURNAL))).toBe(false)
  })
})

describe('a journal moves nothing', () => {
  test.each<[string, Partial<JournalEntry>]>([
    ['out of its folder', { path: '../server-cert.pem', temporary: `../${STAGED}` }],
    ['whose name is absolute', { path: '/tmp/server-cert.pem', temporary: `/tmp/${STAGED}` }],
    ['of another name', { temporary: 'ca-key.pem.a1b2.cryptopolicy-tmp' }],
    ['whose name is no temporary one', { temporary: 'server-cert.pem.orig' }],
  ])('%s', (_, entry) => {
    for (const name of [STAGED, 'server-cert.pem.orig', 'ca-key.pem.a1b2.cryptopolicy-tmp']) {
      writeFileSync(join(root, name), 'new', { mode: 0o600 })
      writeFileSync(join(root, '..', name), 'new', { mode: 0o600 })
    }
    writeDown(entry)
    finishJournal(root)
    expect(inPlace()).toBe('old')
    expect(existsSync(join(root, '..', 'server-cert.pem'))).toBe(false)
  })

  test('that is a link', () => {
    const elsewhere = join(scratchFolder(), 'secret')
    writeFileSync(elsewhere, 'secret')
    writeDown({ temporary: 'server-cert.pem.link.cryptopolicy-tmp' })
    symlinkSync(elsewhere, join(root, 'server-cert.pem.link.cryptopolicy-tmp'))
    finishJournal(root)
    expect(inPlace()).toBe('old')
  })

  test.skipIf(!isRoot)('that another user has staged [root]', () => {
    writeDown()
    chownSync(join(root, STAGED), NOBODY, NOBODY)
    finishJournal(root)
    expect(inPlace()).toBe('old')
  })
})

test('a journal is on disk for its owner alone, until it is taken away', () => {
  const folder = join(root, 'below')
  mkdirSync(folder)
  const temporary = 'server-key.pem.b2.cryptopolicy-tmp'
  writeFileSync(join(folder, temporary), 'key', { mode: 0o600 })
  const entries = [
    { temporary: join(root, STAGED), path: join(root, 'server-cert.pem'), isNew: false },
    { temporary: join(folder, temporary), path: join(folder, 'server-key.pem'), isNew: true },
  ]
  const remove = writeJournal(root, entries)
  expect(statSync(join(root, JOURNAL)).mode & 0o777).toBe(0o600)
  remove()
  expect(existsSync(join(root, JOURNAL))).toBe(false)
  writeJournal(root, entries)
  finishJournal(root)
  expect(inPlace()).toBe('new')
  expect(readFileSync(join(folder, 'server-key.pem'), 'utf8')).toBe('key')
  expect(readdirSync(folder)).toEqual(['server-key.pem'])
})

test('where a journal cannot be written there is none, not even the one before', () => {
  writeDown()
  const gone = join(root, 'gone', STAGED)
  const path = join(root, 'gone', 'server-cert.pem')
  expect(() => writeJournal(root, [{ temporary: gone, path, isNew: true }])).toThrow('ENOENT')
  expect(existsSync(join(root, JOURNAL))).toBe(false)
})

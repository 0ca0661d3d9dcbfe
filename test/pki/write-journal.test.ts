/** A folder of credentials may lie where others can make files: only what a run of this user wrote down is finished. */
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { finishJournal, type JournalEntry } from '../../src/pki/write-journal.ts'
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
    writeDown()
    appendFileSync(join(root, JOURNAL), ' '.repeat(65_536))
    finishJournal(root)
    expect(inPlace()).toBe('old')
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

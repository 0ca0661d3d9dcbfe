/** What is read of a host, and what is seen there: directories, the chosen policy, files that are kept. */
import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readApplicationSettings } from '../../src/system/application-config.ts'
import { findDirectories } from '../../src/system/directories.ts'
import { keepEntry } from '../../src/system/kept-entry.ts'
import { readPolicyInForce } from '../../src/system/policy-in-force.ts'
import {
  parseConfig,
  parseSelection,
  readConfiguredSelection,
} from '../../src/system/policy-selection.ts'
import {
  isSeenAs,
  OPAQUE,
  readVisibleFile,
  type VisiblePlace,
} from '../../src/system/visible-files.ts'
import { ROOT, runFile, scratchFolder, writeFiles } from '../cli/command.ts'

describe('directories are', () => {
  test('those of the options, else of the environment, else /etc and the checkout', () => {
    const environment = { base_dir: '/env/base', profile_dir: '/env/profile' }
    const options = { baseDir: '/own/base', profileDir: '/own/profile' }
    expect(findDirectories(options, environment)).toEqual({
      base: '/own/base',
      profile: '/own/profile',
    })
    expect(findDirectories({}, environment)).toEqual({ base: '/env/base', profile: '/env/profile' })
    expect(findDirectories({}, {})).toEqual({ base: '/etc/crypto-policies', profile: ROOT })
    // As in shells, an empty variable is none.
    expect(findDirectories({}, { base_dir: '', profile_dir: '' })).toEqual(findDirectories({}, {}))
    expect(findDirectories({ baseDir: 'x/..' }, {}).base).toBe(process.cwd())
  })
})

describe('a policy is chosen', () => {
  test.each([
    ['DEFAULT', 'DEFAULT', []],
    ['default:no-sha1', 'DEFAULT', ['NO-SHA1']],
    ['DEFAULT::A:', 'DEFAULT', ['A']],
    [':A:B', 'NOW', ['A', 'B']],
  ])('by the words %j', (text, policy, modules) => {
    const current = { policy: 'NOW', modules: ['OLD'] }
    expect(parseSelection(text, current)).toEqual({ policy, modules })
  })

  test.each([
    ['# a comment\n\n  FIPS  # another\n', 'FIPS', []],
    ['DEFAULT:A\nB:c\r\nD', 'DEFAULT', ['A', 'B', 'C', 'D']],
    ['DEFAULT\rA', 'DEFAULT', ['A']],
    ['', '', []],
  ])('by the configuration %j', (text, policy, modules) => {
    expect(parseConfig(text)).toEqual({ policy, modules })
  })

  test('by config, else by default-config of the profile', () => {
    const [base, profile] = [scratchFolder(), scratchFolder()]
    const directories = { base, profile }
    const missing = { diagnostics: [expect.objectContaining({ code: 'FILE_MISSING' })] }
    expect(() => readConfiguredSelection(directories)).toThrow(expect.objectContaining(missing))
    writeFiles(profile, { 'default-config': 'LEGACY\n' })
    expect(readConfiguredSelection(directories).policy).toBe('LEGACY')
    writeFiles(base, { config: 'FUTURE:X\n' })
    expect(readConfiguredSelection(directories)).toEqual({ policy: 'FUTURE', modules: ['X'] })
  })
})

test('the policy in force has the name that its dump tells', () => {
  const directories = { base: scratchFolder(), profile: ROOT }
  expect(readPolicyInForce(directories)).toBe(undefined)
  const dump = 'mac = HMAC-SHA1\n'
  writeFiles(directories.base, { 'state/CURRENT.pol': `# Policy DEFAULT:X dump\n#\n${dump}` })
  expect(readPolicyInForce(directories)).toMatchObject({ name: 'DEFAULT:X' })
  writeFiles(directories.base, { 'state/CURRENT.pol': `# another\n# Policy X dump\n${dump}` })
  expect(readPolicyInForce(directories)?.name).toBe('CURRENT')
  expect(readPolicyInForce(directories)?.directives).toHaveLength(1)
})

/** @param link Where the place leads. */
function placeAt(file: string, link?: string): VisiblePlace {
  return { file, readLink: () => link }
}

describe('a file that is seen', () => {
  test('is the same where its bytes are, or where its link leads to the same place', () => {
    const folder = scratchFolder()
    writeFileSync(join(folder, 'a'), 'a')
    runFile('mkfifo', [join(folder, 'pipe')])
    const content = (text: string) => ({ content: Buffer.from(text) })
    const place = (name: string, link?: string) => placeAt(join(folder, name), link)
    expect(isSeenAs(content('a'), place('a'))).toBe(true)
    expect(isSeenAs(content('b'), place('a'))).toBe(false)
    expect(isSeenAs(content('ab'), place('a'))).toBe(false)
    expect(isSeenAs(content('a'), place('a', 'a'))).toBe(true)
    expect(isSeenAs({ link: '/a' }, place('a', '/a'))).toBe(true)
    expect(isSeenAs({ link: '/b' }, place('a', '/a'))).toBe(false)
    expect(isSeenAs({ link: '/a' }, place('a'))).toBe(false)
    expect(isSeenAs(content('a'), place('a', '/a'))).toBe(false)
    for (const name of ['pipe', 'none', '.']) {
      expect(isSeenAs(content(''), place(name))).toBe(false)
    }
  })

  test('has bytes only where it is a file that a program can read at once', () => {
    const path = (name: string) => join(folder, name)
    const folder = scratchFolder()
    writeFileSync(path('file'), 'text')
    runFile('mkfifo', [path('pipe')])
    const read = (name: string, link?: string) => readVisibleFile(placeAt(path(name), link))
    expect(read('file')).toEqual({ content: Buffer.from('text') })
    expect(read('file', 'file')).toEqual({ content: Buffer.from('text') })
    expect(read('file', '/any')).toEqual({ link: '/any' })
    for (const name of ['pipe', 'none', '.']) {
      expect(read(name)).toBe(OPAQUE)
    }
  })
})

describe('an entry of another program is kept at a second path', () => {
  function scene() {
    const folder = scratchFolder()
    mkdirSync(join(folder, 'old'))
    mkdirSync(join(folder, 'deep', 'new'), { recursive: true })
    return { from: join(folder, 'old', 'entry'), to: join(folder, 'deep', 'new', 'entry') }
  }

  test('a file as the same file, with its mode', () => {
    const { from, to } = scene()
    writeFileSync(from, 'text', { mode: 0o640 })
    keepEntry(from, to, false)
    expect(statSync(to).ino).toBe(statSync(from).ino)
    expect(statSync(to).mode & 0o777).toBe(0o640)
  })

  test('a file on another file system as a copy with its owner and mode', () => {
    const { from } = scene()
    // A file system of its own on every Linux.
    const to = join('/dev/shm', `cryptopolicy-test-${process.pid}-kept`)
    writeFileSync(from, 'text', { mode: 0o640 })
    if (statSync('/dev/shm').dev === statSync(from).dev) return
    try {
      keepEntry(from, to, false)
      expect(readFileSync(to, 'utf8')).toBe('text')
      const [own, kept] = [statSync(from), statSync(to)]
      expect([kept.mode, kept.uid, kept.gid]).toEqual([own.mode, own.uid, own.gid])
    } finally {
      runFile('rm', ['-f', to])
    }
  })

  test('a link as a link that leads to the same place', () => {
    const { from, to } = scene()
    writeFileSync(join(from, '..', 'target'), 'text')
    symlinkSync('target', from)
    keepEntry(from, to, false)
    expect(readFileSync(to, 'utf8')).toBe('text')
    expect(readlinkSync(to)).toMatch(/^\/.*\/old\/target$/)
    const alike = `${from}2`
    keepEntry(from, alike, true)
    expect(readlinkSync(alike)).toBe('target')
  })

  test('a folder not at all, and nothing over what stands there', () => {
    const { from, to } = scene()
    mkdirSync(from)
    keepEntry(from, to, false)
    expect(lstatSync(to, { throwIfNoEntry: false })).toBe(undefined)
    const other = `${from}3`
    writeFileSync(other, 'one')
    writeFileSync(to, 'two')
    expect(() => keepEntry(other, to, false)).toThrow('EEXIST')
    expect(readFileSync(to, 'utf8')).toBe('two')
  })
})

test('of the settings of an application nothing but the value is kept: such files have passwords', () => {
  const folder = scratchFolder()
  const text = 'password = "S3CR3T"\ntls_priority = "NORMAL"\nother_password = "S3CR3T"\n'
  writeFiles(folder, { 'one.conf': text, 'two.conf': 'other = 1\n' })
  const settings = ['one.conf', 'two.conf', 'three.conf'].map((file) => ({
    file,
    key: 'tls_priority',
  }))
  const found = readApplicationSettings({ settings } as never, folder)
  expect(found.map(({ name, remark }) => [name, remark])).toEqual([
    ['one.conf tls_priority', undefined],
    ['two.conf tls_priority', 'not set'],
    ['three.conf tls_priority', 'the file does not exist'],
  ])
  const { source, start = 0, end = 0 } = found[0]?.span ?? {}
  expect(source?.text.slice(start, end)).toBe('NORMAL')
  expect(source?.text.replace(/\s/g, '')).toBe('NORMAL')
  expect(source?.text.slice(0, start).split('\n')).toHaveLength(2)
})

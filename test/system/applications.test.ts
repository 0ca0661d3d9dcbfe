/** Application policies as they lie in the folders of a host, and what enabling and disabling does there. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { hasErrors } from '../../src/diagnostics/diagnostic.ts'
import { readApplicationSettings, readNamedSetting } from '../../src/system/application-config.ts'
import {
  isFileOf,
  isWaiting,
  listApplications,
  mayHaveEnabled,
} from '../../src/system/application-folders.ts'
import { keywordOfPolicy } from '../../src/system/application-keyword.ts'
import { planApplicationSwitch } from '../../src/system/application-switch.ts'
import {
  findApplication,
  findApplications,
  isApplicationName,
  loadApplication,
  loadApplications,
  selectApplications,
} from '../../src/system/applications.ts'
import type { Directories } from '../../src/system/directories.ts'
import { scratchFolder, writeFiles } from '../cli/command.ts'
import { refusal } from '../diagnostic-code.ts'

const FINE = 'hash = -SHA1\n'
const WAITING = `# %enabled_by_default=false\n${FINE}`
const BROKEN = 'no such property\n'

type Files = Readonly<Record<string, string>>

/** A host whose administrator has the first files, and whose package has the second. */
function hostWith(own: Files, shipped: Files = {}): Directories {
  const directories = { base: scratchFolder(), profile: scratchFolder() }
  const below = (files: Files): Files =>
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`applications/${name}`, text]))
  writeFiles(directories.base, below(own))
  writeFiles(directories.profile, below(shipped))
  return directories
}

function ownFile({ base }: Directories, name: string): string {
  return join(base, 'applications', name)
}

/** Each with its state, the folder of the file that counts, and whether it can be used. */
function statesOf(directories: Directories): Readonly<Record<string, string>> {
  return Object.fromEntries(
    findApplications(directories).map(({ name, state, path, application, diagnostics }) => {
      const folder = path.startsWith(directories.base) ? 'own' : 'shipped'
      const use = application ? 'usable' : hasErrors(diagnostics) ? 'broken' : 'nothing'
      return [name, `${state}, ${folder}, ${use}`]
    }),
  )
}

describe('which file counts, and whether it is in force', () => {
  test('a file of the administrator goes before the shipped one, and is in force', () => {
    const directories = hostWith(
      { 'a.pmod': FINE, 'both.pmod': WAITING, 'broken.pmod': BROKEN },
      {
        ...{ 'both.pmod': FINE, 'z.pmod': FINE, 'waits.pmod': WAITING, 'wrong.pmod': BROKEN },
        'wrong-waits.pmod': `${WAITING}${BROKEN}`,
        'wrong-word.pmod': '# %enabled_by_default=flase\n',
      },
    )
    expect(statesOf(directories)).toEqual({
      a: 'enabled, own, usable',
      both: 'enabled, own, usable',
      broken: 'enabled, own, broken',
      waits: 'not enabled, shipped, usable',
      wrong: 'enabled, shipped, broken',
      'wrong-waits': 'not enabled, shipped, broken',
      'wrong-word': 'enabled, shipped, broken',
      z: 'enabled, shipped, usable',
    })
    expect(findApplications(directories).map(({ name }) => name)).toEqual([
      ...['a', 'both', 'broken', 'waits', 'wrong', 'wrong-waits', 'wrong-word', 'z'],
    ])
  })

  test('an empty file and a link to /dev/null mask; a file with anything in it does not', () => {
    const files = Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [`${name}.pmod`, FINE]))
    const directories = hostWith({ 'a.pmod': '', 'c.pmod': '\n', 'alone.pmod': '' }, files)
    symlinkSync('/dev/null', ownFile(directories, 'b.pmod'))
    expect(statesOf(directories)).toEqual({
      a: 'masked, own, nothing',
      alone: 'masked, own, nothing',
      b: 'masked, own, nothing',
      c: 'enabled, own, usable',
      d: 'enabled, shipped, usable',
    })
  })

  test('a link that leads nowhere, a folder, and a file of /proc keep the shipped one out', () => {
    const files = Object.fromEntries(['a', 'b', 'c'].map((name) => [`${name}.pmod`, FINE]))
    const directories = hostWith({ 'x.pmod': FINE }, files)
    symlinkSync('nowhere', ownFile(directories, 'a.pmod'))
    mkdirSync(ownFile(directories, 'b.pmod'))
    symlinkSync('/proc/self/mem', ownFile(directories, 'c.pmod'))
    const { x: _, ...states } = statesOf(directories)
    expect(states).toEqual({
      a: 'enabled, own, broken',
      b: 'enabled, own, broken',
      c: 'enabled, own, broken',
    })
  })

  test('an empty file that is shipped is no mask', () => {
    expect(statesOf(hostWith({}, { 'a.pmod': '' }))).toEqual({ a: 'enabled, shipped, usable' })
  })

  test('hidden files, and those of another ending, are none', () => {
    const others = { '.a.pmod': FINE, 'b.pmod.disabled': FINE, 'c.pol': FINE, 'd.pmod~': FINE }
    const directories = hostWith({ ...others, 'e.pmod': FINE }, { ...others, 'f.pmod': FINE })
    expect(listApplications(directories)).toEqual(['e', 'f'])
    expect(listApplications({ base: '/nowhere', profile: '/nowhere' })).toEqual([])
  })

  test('a choice counts as if the folder were changed already', () => {
    const directories = hostWith(
      { 'a.pmod': FINE, 'masked.pmod': '', 'new.pmod.disabled': FINE },
      { 'waits.pmod': WAITING },
    )
    const stateWith = (name: string, path: string | undefined) =>
      findApplications(directories, { name, path }).find((each) => each.name === name)
    expect(stateWith('a', undefined)).toMatchObject({ state: 'not enabled' })
    const shipped = join(directories.profile, 'applications', 'waits.pmod')
    expect(stateWith('waits', shipped)).toMatchObject({ state: 'enabled', path: shipped })
    const aside = ownFile(directories, 'new.pmod.disabled')
    expect(stateWith('new', aside)).toMatchObject({ state: 'enabled', path: aside })
    expect(stateWith('new', undefined)).toBe(undefined)
    expect(stateWith('masked', shipped)).toMatchObject({ state: 'enabled', path: shipped })
    expect(stateWith('a', undefined)?.application?.name).toBe('a')
    const others = findApplications(directories, { name: 'a', path: undefined })
    expect(others.map(({ state }) => state)).toEqual(['not enabled', 'masked', 'not enabled'])
  })
})

describe('whether any may be in force', () => {
  test.each<[boolean, Files, Files]>([
    [false, {}, {}],
    [false, { 'a.pmod.disabled': FINE, '.b.pmod': FINE }, {}],
    [true, { 'a.pmod': '' }, {}],
    [true, {}, { 'a.pmod': FINE }],
    [false, {}, { 'a.pmod': WAITING }],
    [true, {}, { 'a.pmod': WAITING, 'b.pmod': FINE }],
    [true, {}, { 'a.pmod': BROKEN }],
  ])('%j: %j, shipped %j', (expected, own, shipped) => {
    expect(mayHaveEnabled(hostWith(own, shipped))).toBe(expected)
  })

  test('a shipped file that cannot be read does not say that it waits', () => {
    expect(isWaiting('/nowhere/a.pmod')).toBe(false)
  })
})

describe('the name of an application', () => {
  test.each(['a', 'A', '9', 'a.b', 'a_b-c', 'a'.repeat(100), 'systems'])('may be %j', (name) => {
    expect(isApplicationName(name)).toBe(true)
  })

  test.each([
    ...['', '.a', '-a', '_a', 'a/b', '../a', 'a b', 'a\n', 'a\0', 'é', 'a'.repeat(101)],
    ...['system', 'SYSTEM', 'SyStEm'],
  ])('is not %j', (name) => {
    expect(isApplicationName(name)).toBe(false)
    const directories = hostWith({ 'a.pmod': FINE })
    const change = { name, isEnabled: true }
    expect(() => planApplicationSwitch(directories, change)).toThrow(
      refusal('APPLICATION_BAD_NAME'),
    )
  })

  test('that it cannot be is told where a file has it', () => {
    const [found] = findApplications(hostWith({ 'system.pmod': FINE }))
    expect(found).toMatchObject({ state: 'enabled', application: undefined })
    expect(found?.diagnostics.map(({ code }) => code)).toEqual(['APPLICATION_BAD_NAME'])
  })

  test('belongs to the file that is called so, in either folder', () => {
    expect(isFileOf('a', '/etc/crypto-policies/applications/a.pmod')).toBe(true)
    expect(isFileOf('a', '/etc/crypto-policies/applications/a.pmod.disabled')).toBe(true)
    expect(isFileOf('a', '/usr/share/crypto-policies/applications/ba.pmod')).toBe(false)
    expect(isFileOf('a', '/etc/crypto-policies/policies/a.pmod')).toBe(false)
    expect(isFileOf('a', '/etc/crypto-policies/applications/a.pmod~')).toBe(false)
  })
})

describe('application policies are read', () => {
  const directories = () =>
    hostWith(
      { 'own.pmod': FINE, 'masked.pmod': '' },
      { 'masked.pmod': FINE, 'waits.pmod': WAITING, 'shipped.pmod': FINE },
    )
  const namesOf = ({ applications }: ReturnType<typeof loadApplications>) =>
    applications.map(({ name }) => name)

  test('those in force by default, others by their names or their group', () => {
    const host = directories()
    expect(namesOf(loadApplications(host))).toEqual(['own', 'shipped'])
    const select = (names: readonly string[], group?: 'enabled' | 'all') =>
      namesOf(selectApplications(host, { names, group }))
    expect(select(['waits'])).toEqual(['waits'])
    expect(select(['shipped', 'own'])).toEqual(['own', 'shipped'])
    expect(select([], 'enabled')).toEqual(['own', 'shipped'])
    expect(select(['waits'], 'enabled')).toEqual(['own', 'shipped', 'waits'])
    expect(select([], 'all')).toEqual(['own', 'shipped', 'waits'])
    expect(select([])).toEqual([])
  })

  test('one by its name, whether or not it is in force', () => {
    const host = directories()
    expect(loadApplication(host, 'waits').name).toBe('waits')
    expect(loadApplication(host, 'own').name).toBe('own')
    expect(() => loadApplication(host, 'none')).toThrow(refusal('APPLICATION_NOT_FOUND'))
    expect(() => loadApplication(host, 'masked')).toThrow(refusal('APPLICATION_NOT_ENABLED'))
    expect(() => selectApplications(host, { names: ['own', 'masked'] })).toThrow(
      refusal('APPLICATION_NOT_ENABLED'),
    )
    expect(findApplication(host, 'none')).toBe(undefined)
    expect(findApplication(host, 'waits')?.state).toBe('not enabled')
  })

  test('a mistake stops them where it is meant, and not elsewhere', () => {
    const host = hostWith({ 'fine.pmod': FINE }, { 'wrong.pmod': `${WAITING}${BROKEN}` })
    expect(namesOf(loadApplications(host))).toEqual(['fine'])
    expect(namesOf(selectApplications(host, { names: ['fine'] }))).toEqual(['fine'])
    expect(() => loadApplication(host, 'wrong')).toThrow(refusal('POLICY_MISSING_EQUALS'))
    const all = { names: [], group: 'all' } as const
    expect(() => selectApplications(host, all)).toThrow(refusal('POLICY_MISSING_EQUALS'))
  })

  test('one keyword belongs to one of those that are meant', () => {
    const same = `# %keyword=SAME\n${FINE}`
    const host = hostWith({ 'a.pmod': same }, { 'b.pmod': same })
    expect(() => loadApplications(host)).toThrow(refusal('APPLICATION_SAME_KEYWORD'))
    expect(namesOf(selectApplications(host, { names: ['a'] }))).toEqual(['a'])
  })
})

test('the keyword is that of the file, or of the name where the file has none; a broken one has none', () => {
  const host = hostWith(
    { 'a.pmod': `# %keyword=OURS\n${FINE}`, 'b.pmod': FINE, 'broken.pmod': BROKEN, 'm.pmod': '' },
    { 'wrong.pmod': `${WAITING}${BROKEN}`, 'waits.pmod': `# %keyword=W\n${WAITING}` },
  )
  const keyword = (name: string) => keywordOfPolicy(name, host)
  expect(['a', 'b', 'waits', 'none', 'm', 'wrong'].map(keyword)).toEqual([
    ...['OURS', 'B', 'W', undefined, undefined, undefined],
  ])
  expect(() => keyword('broken')).toThrow(refusal('POLICY_MISSING_EQUALS'))
})

describe('enabling and disabling', () => {
  /** Makes the change; gives what is in the administrator's folder then, and after it was taken back. */
  function change(host: Directories, name: string, isEnabled: boolean) {
    const planned = planApplicationSwitch(host, { name, isEnabled })
    if (!planned) return undefined
    planned.commit()
    const done = entriesOf(host)
    planned.undo()
    return { choice: planned.choice, done, undone: entriesOf(host) }
  }

  /** The names in the administrator's folder, each with where its link leads or what it holds. */
  function entriesOf(host: Directories): Readonly<Record<string, string>> {
    const folder = ownFile(host, '')
    const names = existsSync(folder) ? readdirSync(folder).toSorted() : []
    return Object.fromEntries(
      names.map((name) => {
        const path = join(folder, name)
        const isLink = lstatSync(path).isSymbolicLink()
        return [name, isLink ? `-> ${readlinkSync(path)}` : readFileSync(path, 'utf8')]
      }),
    )
  }

  test('what is so already is left alone', () => {
    const host = hostWith({ 'a.pmod': FINE, 'm.pmod': '' }, { 'm.pmod': FINE, 'w.pmod': WAITING })
    expect(change(host, 'a', true)).toBe(undefined)
    expect(change(host, 'm', false)).toBe(undefined)
    expect(change(host, 'w', false)).toBe(undefined)
  })

  test('what is nowhere is refused; so is a mask with nothing behind it', () => {
    const host = hostWith({ 'm.pmod': '' })
    expect(() => change(host, 'none', true)).toThrow(refusal('APPLICATION_NOT_FOUND'))
    expect(() => change(host, 'none', false)).toThrow(refusal('APPLICATION_NOT_FOUND'))
    expect(() => change(host, 'm', true)).toThrow(refusal('APPLICATION_NOT_ENABLED'))
  })

  test('a shipped one is enabled by a link to it, and disabled by its removal', () => {
    const host = hostWith({}, { 'w.pmod': WAITING })
    const shipped = join(host.profile, 'applications', 'w.pmod')
    const own = { 'w.pmod': `-> ${shipped}` }
    expect(change(host, 'w', true)).toEqual({
      ...{ choice: { name: 'w', path: shipped }, done: own, undone: {} },
    })
    expect(statSync(ownFile(host, '')).mode & 0o777).toBe(0o755)
    symlinkSync(shipped, ownFile(host, 'w.pmod'))
    expect(change(host, 'w', false)).toEqual({
      ...{ choice: { name: 'w', path: undefined }, done: {}, undone: own },
    })
  })

  test('a shipped one that is in force by itself is masked, and the mask goes again', () => {
    const host = hostWith({}, { 'a.pmod': FINE })
    const shipped = join(host.profile, 'applications', 'a.pmod')
    const mask = { 'a.pmod': '-> /dev/null' }
    expect(change(host, 'a', false)).toMatchObject({ done: mask, undone: {} })
    symlinkSync('/dev/null', ownFile(host, 'a.pmod'))
    expect(change(host, 'a', true)).toEqual({
      choice: { name: 'a', path: shipped },
      done: { 'a.pmod': `-> ${shipped}` },
      undone: mask,
    })
  })

  test('an empty file that masks comes back as a mask', () => {
    const host = hostWith({ 'a.pmod': '' }, { 'a.pmod': FINE })
    expect(change(host, 'a', true)).toMatchObject({ undone: { 'a.pmod': '-> /dev/null' } })
  })

  test('a file of the administrator is put aside, and comes back', () => {
    const host = hostWith({ 'a.pmod': FINE })
    const [here, aside] = [{ 'a.pmod': FINE }, { 'a.pmod.disabled': FINE }]
    expect(change(host, 'a', false)).toEqual({
      ...{ choice: { name: 'a', path: undefined }, done: aside, undone: here },
    })
    planApplicationSwitch(host, { name: 'a', isEnabled: false })?.commit()
    const path = ownFile(host, 'a.pmod.disabled')
    expect(change(host, 'a', true)).toEqual({
      ...{ choice: { name: 'a', path }, done: here, undone: aside },
    })
    expect(change(host, 'a', false)).toBe(undefined)
  })

  test('one that stands before a shipped one leaves a mask, where that would count', () => {
    const before = { 'a.pmod': 'hash = -MD5\n' }
    const masking = hostWith(before, { 'a.pmod': FINE })
    expect(change(masking, 'a', false)).toEqual({
      choice: { name: 'a', path: undefined },
      done: { 'a.pmod': '-> /dev/null', 'a.pmod.disabled': 'hash = -MD5\n' },
      undone: before,
    })
    const waiting = hostWith(before, { 'a.pmod': WAITING })
    expect(change(waiting, 'a', false)).toMatchObject({
      ...{ done: { 'a.pmod.disabled': 'hash = -MD5\n' }, undone: before },
    })
    expect(existsSync(ownFile(waiting, 'a.pmod.disabled'))).toBe(false)
  })

  test('of two that were put aside the last one counts', () => {
    const host = hostWith({ 'a.pmod': FINE, 'a.pmod.disabled': 'old' }, { 'a.pmod': FINE })
    planApplicationSwitch(host, { name: 'a', isEnabled: false })?.commit()
    expect(entriesOf(host)).toEqual({ 'a.pmod': '-> /dev/null', 'a.pmod.disabled': FINE })
    const masked = change(host, 'a', true)
    expect(masked).toMatchObject({ done: { 'a.pmod': FINE }, undone: entriesOf(host) })
  })
})

describe('settings of applications', () => {
  function settingIn(text: string, key = 'k'): string | undefined {
    const folder = scratchFolder()
    writeFiles(folder, { 'x.conf': text })
    const { name, span, remark } = readNamedSetting(join(folder, 'x.conf'), key)
    expect(name).toBe(`x.conf ${key}`)
    if (!span) return remark
    const value = span.source.text.slice(span.start, span.end)
    expect(span.source.text.replace(/\s/g, '')).toBe(value.replace(/\s/g, ''))
    return value
  }

  test.each([
    ['k = "a b"', 'a b'],
    ["k='a b'", 'a b'],
    ['k=abc b', 'abc'],
    ['k = a.b:c # why', 'a.b:c'],
    ["k = abc'", 'abc'],
    ['\t k\t=\ta', 'a'],
    ['other = x\nk = a\nk = b', 'a'],
    ['k = ""', ''],
    ['#k = a', 'not set'],
    ['kk = a', 'not set'],
    ['x.k = a', 'not set'],
    ['x k = a', 'not set'],
    ['k a', 'not set'],
    ['k = "a\nb"', 'not set'],
    ['', 'not set'],
  ])('%j gives %j', (text, value) => {
    expect(settingIn(text)).toBe(value)
  })

  test('a file that is named has to be there; one of libvirt has to be right', () => {
    const folder = scratchFolder()
    expect(() => readNamedSetting(join(folder, 'none'), 'k')).toThrow(refusal('FILE_MISSING'))
    writeFiles(folder, { 'x.conf': 'k = 1\n' })
    const settings = [{ file: 'x.conf', key: 'k' }]
    const read = () => readApplicationSettings({ settings } as never, folder)
    expect(read).toThrow(refusal('FILE_LIBVIRT_SYNTAX'))
    expect(read).toThrow('k is a text in quotes')
  })
})

/** Sets of files on a host: what programs see before, during and after a switch, and what is left of it. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Diagnostic } from '../../src/diagnostics/diagnostic.ts'
import type { ApplicationChange } from '../../src/system/application-switch.ts'
import { isApplied } from '../../src/system/drift.ts'
import type { GeneratedFile, GeneratedFiles } from '../../src/system/generated-files.ts'
import { GenerationStore } from '../../src/system/generation-store.ts'
import type { PreparedPolicy } from '../../src/system/prepared-policy.ts'
import { listChanges, OUTDATED, publishIfChanged } from '../../src/system/publish.ts'
import { OPAQUE } from '../../src/system/visible-files.ts'
import { scratchFolder, writeFiles } from '../cli/command.ts'
import { refusal } from '../diagnostic-code.ts'
import { noteSyncs } from '../files/note-syncs.ts'
import { openFilesBelow } from '../files/open-files.ts'

type Texts = Readonly<Record<string, string>>

/** A set of files by their texts; `-> PATH` is a link. */
function setOf(texts: Texts): GeneratedFiles {
  return new Map(
    Object.entries(texts).map(([path, text]): [string, GeneratedFile] => [
      path,
      text.startsWith('-> ') ? { link: text.slice(3) } : { content: Buffer.from(text) },
    ]),
  )
}

const ONE = { 'back-ends/a.config': 'a1', 'back-ends/b.config': 'b1', 'state/current': 'ONE' }
const TWO = { 'back-ends/a.config': 'a2', 'back-ends/b.config': 'b2', 'state/current': 'TWO' }

class StoreHost {
  readonly base = scratchFolder()
  readonly store = new GenerationStore(this.base)

  constructor(files: Texts = {}) {
    writeFiles(this.base, files)
    this.store.prepare()
  }

  path(...names: readonly string[]): string {
    return join(this.base, ...names)
  }

  switchTo(texts: Texts, record = '{}'): void {
    const staged = this.store.stage(setOf(texts), record)
    staged.commit()
    staged.makeDurable()
  }

  /** What a program reads at each path below both folders. */
  seen(): Texts {
    const folders = ['back-ends', 'state'].filter((folder) => existsSync(this.path(folder)))
    const paths = folders.flatMap((folder) =>
      readdirSync(realFolder(this.path(folder)), { recursive: true, encoding: 'utf8' }).map(
        (name) => `${folder}/${name}`,
      ),
    )
    const files = paths.filter((path) => isFile(this.path(path))).toSorted()
    return Object.fromEntries(files.map((path) => [path, readFileSync(this.path(path), 'utf8')]))
  }

  generations(): readonly string[] {
    return readdirSync(this.path('.generations'))
      .filter((name) => name.startsWith('g-'))
      .toSorted()
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

function realFolder(path: string): string {
  return lstatSync(path).isSymbolicLink() ? join(dirname(path), readlinkSync(path)) : path
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777
}

describe('a store', () => {
  test('that is new has nothing', () => {
    const store = new GenerationStore(scratchFolder())
    expect([store.inForce, store.readRecord(), store.isReloadOwed]).toEqual([
      ...[undefined, undefined, false],
    ])
    expect(store.listVisible()).toEqual([])
    expect(store.isUnfinished(setOf(ONE))).toBe(false)
    expect([...store.compareVisible(setOf(ONE))]).toEqual([])
  })

  test('is a folder that all users can read, and nothing else in its place is used', () => {
    const host = new StoreHost()
    expect(modeOf(host.path('.generations'))).toBe(0o755)
    for (const make of [
      (path: string) => writeFileSync(path, ''),
      (path: string) => symlinkSync(scratchFolder(), path),
    ]) {
      const base = scratchFolder()
      make(join(base, '.generations'))
      expect(() => new GenerationStore(base).prepare()).toThrow(refusal('STORE_NOT_OURS'))
    }
  })

  test.each(['/etc', 'g-', 'g-1x', 'xg-1', '../g-1', 'g--1'])(
    'whose set in force is at %j is not ours',
    (target) => {
      const base = scratchFolder()
      mkdirSync(join(base, '.generations'))
      symlinkSync(target, join(base, '.generations', 'current'))
      expect(() => new GenerationStore(base).prepare()).toThrow(refusal('STORE_NOT_OURS'))
    },
  )

  test('owes a reload while its marker is there', () => {
    const { store } = new StoreHost()
    writeFileSync(store.reloadMarker, '')
    expect(store.isReloadOwed).toBe(true)
    rmSync(store.reloadMarker)
    expect(store.isReloadOwed).toBe(false)
  })
})

describe('a switch', () => {
  test('shows the old set until it is made, and the new one after it', () => {
    const host = new StoreHost()
    host.switchTo(ONE, 'first')
    expect(host.seen()).toEqual(ONE)
    expect([host.store.inForce, host.store.readRecord()]).toEqual(['g-1', 'first'])
    const staged = host.store.stage(setOf(TWO), 'second')
    expect(host.seen()).toEqual(ONE)
    expect(host.store.readRecord()).toBe('first')
    staged.commit()
    expect(host.seen()).toEqual(TWO)
    expect([host.store.inForce, host.store.readRecord()]).toEqual(['g-2', 'second'])
    staged.makeDurable()
    expect(host.seen()).toEqual(TWO)
    expect(modeOf(host.path('back-ends', 'a.config'))).toBe(0o644)
    expect(modeOf(host.path('back-ends'))).toBe(0o755)
    expect(openFilesBelow(host.base)).toEqual([])
  })

  test('is made when all that it leads to is on disk, and is on disk itself at the end', () => {
    const host = new StoreHost()
    const noted = noteSyncs((path) => `${host.store.inForce} ${path.replace(host.base, '')}`)
    const application = 'back-ends/applications/web/nginx.config'
    host.switchTo({ ...ONE, [application]: 'n1' })
    const inGeneration = [...Object.keys(ONE), application, 'record.json']
    const folders = ['back-ends', 'state', 'back-ends/applications', 'back-ends/applications/web']
    const before = [...inGeneration, ...folders].map(
      (path) => `undefined /.generations/g-1/${path}`,
    )
    // The links of both folders stand in the base directory.
    const links = ['undefined ', 'undefined ']
    const sorted = [...before, 'undefined /.generations/g-1', ...links].toSorted()
    expect(noted.slice(0, -1).toSorted()).toEqual(sorted)
    expect(noted.at(-1)).toBe('g-1 /.generations')
  })

  test('that is not made leaves nothing', () => {
    const host = new StoreHost()
    host.switchTo(ONE)
    const before = readdirSync(host.base, { recursive: true }).toSorted()
    host.store.stage(setOf(TWO), '{}').discard()
    expect(host.seen()).toEqual(ONE)
    expect(readdirSync(host.base, { recursive: true }).toSorted()).toEqual(before)
  })

  test('keeps the set before it for those who are reading it, and none of the older ones', () => {
    const host = new StoreHost()
    for (const texts of [ONE, TWO, ONE, TWO]) host.switchTo(texts)
    expect(host.generations()).toEqual(['g-3', 'g-4'])
    expect(readFileSync(host.path('.generations/g-3/state/current'), 'utf8')).toBe('ONE')
  })

  test('goes on from the largest number that is there', () => {
    const host = new StoreHost()
    host.switchTo(ONE)
    mkdirSync(host.path('.generations', 'g-11'))
    mkdirSync(host.path('.generations', 'g-9'))
    host.switchTo(TWO)
    expect(host.store.inForce).toBe('g-12')
    expect(host.generations()).toEqual(['g-11', 'g-12'])
  })

  test('that cannot be staged leaves nothing', () => {
    const host = new StoreHost()
    host.switchTo(ONE)
    const twice = { ...TWO, 'back-ends/a.config/below': 'no place' }
    expect(() => host.store.stage(setOf(twice), '{}')).toThrow(/EEXIST|ENOTDIR|EISDIR/)
    expect(host.generations()).toEqual(['g-1'])
    expect(host.seen()).toEqual(ONE)
    expect(openFilesBelow(host.base)).toEqual([])
  })

  test('has the files of applications in folders of their own', () => {
    const host = new StoreHost()
    const texts = { ...ONE, 'back-ends/applications/web/nginx.config': 'n1' }
    host.switchTo(texts)
    expect(host.seen()).toEqual(texts)
    expect(modeOf(host.path('back-ends/applications/web'))).toBe(0o755)
    expect(host.store.listVisible().toSorted()).toEqual(Object.keys(texts).toSorted())
    host.switchTo(TWO)
    expect(host.seen()).toEqual(TWO)
  })

  test('leads to pre-built outputs by links', () => {
    const host = new StoreHost()
    const output = join(scratchFolder(), 'a.txt')
    writeFileSync(output, 'pre-built')
    host.switchTo({ ...ONE, 'back-ends/a.config': `-> ${output}` })
    expect(readlinkSync(host.path('back-ends/a.config'))).toBe(output)
    expect(host.seen()).toEqual({ ...ONE, 'back-ends/a.config': 'pre-built' })
    expect(host.store.isUnfinished(setOf({ ...ONE, 'back-ends/a.config': `-> ${output}` }))).toBe(
      false,
    )
  })
})

describe('files of another program beside ours', () => {
  test('stay through switches: a file, a link, a folder', () => {
    const host = new StoreHost()
    host.switchTo(ONE)
    const theirs = host.path('back-ends', 'theirs')
    writeFileSync(theirs, 'secret', { mode: 0o600 })
    const { ino } = statSync(theirs)
    symlinkSync('a.config', host.path('back-ends', 'link'))
    mkdirSync(host.path('back-ends', 'folder'))
    writeFileSync(host.path('back-ends', 'folder', 'file'), 'deep')
    for (const texts of [TWO, ONE]) {
      host.switchTo(texts)
      expect(host.seen()).toEqual({
        ...texts,
        'back-ends/folder/file': 'deep',
        'back-ends/link': texts['back-ends/a.config'],
        'back-ends/theirs': 'secret',
      })
      expect(statSync(theirs)).toMatchObject({ ino, mode: 0o100600 })
    }
  })

  test('are named, and not looked into', () => {
    const host = new StoreHost()
    host.switchTo(ONE)
    writeFileSync(host.path('back-ends', 'theirs'), 'x')
    writeFileSync(host.path('back-ends', 'b.config'), 'edited')
    writeFileSync(host.path('back-ends', 'left.cryptopolicy-tmp'), 'x')
    const files = setOf(ONE)
    expect(host.store.listVisible().toSorted()).toEqual([
      ...['back-ends/a.config', 'back-ends/b.config', 'back-ends/theirs', 'state/current'],
    ])
    expect(Object.fromEntries(host.store.compareVisible(files))).toEqual({
      ...{ 'back-ends/a.config': true, 'back-ends/b.config': false },
      ...{ 'back-ends/theirs': false, 'state/current': true },
    })
    const read = host.store.readVisible(files)
    expect(read.get('back-ends/theirs')).toBe(OPAQUE)
    expect(read.get('back-ends/b.config')).toEqual({ content: Buffer.from('edited') })
  })
})

describe('real folders of a distribution', () => {
  const THEIRS = { 'back-ends/a.config': 'a0', 'back-ends/other': 'theirs', 'state/current': 'OLD' }
  const targetOf = (host: StoreHost, name: string) => readlinkSync(host.path('back-ends', name))

  test('stay folders; our files in them become links, and others stay files', () => {
    const host = new StoreHost(THEIRS)
    const staged = host.store.stage(setOf(ONE), '{}')
    expect(host.seen()).toEqual(THEIRS)
    staged.commit()
    staged.makeDurable()
    expect(host.seen()).toEqual({ ...ONE, 'back-ends/other': 'theirs' })
    expect(lstatSync(host.path('back-ends')).isDirectory()).toBe(true)
    expect(targetOf(host, 'a.config')).toBe('../.generations/current/back-ends/a.config')
    expect(lstatSync(host.path('back-ends', 'other')).isFile()).toBe(true)
    host.switchTo(TWO)
    expect(host.seen()).toEqual({ ...TWO, 'back-ends/other': 'theirs' })
    expect(host.store.listVisible()).toHaveLength(4)
  })

  test('are on disk with their links before the switch, and with those of outputs after it', () => {
    const host = new StoreHost(THEIRS)
    const noted = noteSyncs((path) => `${host.store.inForce} ${path.replace(host.base, '')}`)
    host.switchTo({ ...ONE, 'back-ends/a.config': '-> /nowhere' })
    // What programs saw is a set of its own first.
    const at = (line: string) => noted.indexOf(line)
    expect(at('g-1 /back-ends')).toBeGreaterThan(at('g-1 /.generations'))
    expect(at('g-1 /state')).toBeGreaterThan(0)
    expect(at('g-2 /.generations')).toBeGreaterThan(at('g-1 /state'))
    expect(noted.slice(at('g-2 /.generations'))).toEqual(['g-2 /.generations', 'g-2 /back-ends'])
  })

  test('show what they showed where the switch is not made', () => {
    const host = new StoreHost(THEIRS)
    host.store.stage(setOf(ONE), '{}').discard()
    expect(host.seen()).toEqual(THEIRS)
    host.switchTo(TWO)
    expect(host.seen()).toEqual({ ...TWO, 'back-ends/other': 'theirs' })
  })

  test('keep a folder of our name, and nothing is changed', () => {
    const host = new StoreHost({ 'back-ends/other': 'theirs' })
    const path = host.path('back-ends', 'b.config')
    mkdirSync(path)
    expect(() => host.store.stage(setOf(ONE), '{}')).toThrow(
      expect.objectContaining({ code: 'EISDIR', path }),
    )
    expect(lstatSync(path).isDirectory()).toBe(true)
    // No name became a link, and nothing was put in force, before that was found.
    expect(readdirSync(host.path('back-ends')).toSorted()).toEqual(['b.config', 'other'])
    expect(host.generations()).toEqual([])
  })

  test('lead to applications by one link, which goes with the last of them', () => {
    const host = new StoreHost(THEIRS)
    const application = { 'back-ends/applications/web/nginx.config': 'n1' }
    host.switchTo({ ...ONE, ...application })
    const path = host.path('back-ends', 'applications')
    expect(readlinkSync(path)).toBe('../.generations/current/back-ends/applications')
    expect(readFileSync(join(path, 'web', 'nginx.config'), 'utf8')).toBe('n1')
    host.switchTo({ ...TWO, ...application })
    expect(readFileSync(join(path, 'web', 'nginx.config'), 'utf8')).toBe('n1')
    host.switchTo(ONE)
    expect(lstatSync(path, { throwIfNoEntry: false })).toBe(undefined)
  })

  test.each([
    ['a folder', (path: string) => void mkdirSync(path)],
    ['a file', (path: string) => writeFileSync(path, '')],
    ['a link', (path: string) => symlinkSync('elsewhere', path)],
  ])('in which %s of another program has the place of applications', (_, make) => {
    const host = new StoreHost({ ...THEIRS })
    make(host.path('back-ends', 'applications'))
    const texts = { ...ONE, 'back-ends/applications/web/nginx.config': 'n1' }
    expect(() => host.store.stage(setOf(texts), '{}')).toThrow(refusal('STORE_NOT_OURS'))
    host.switchTo(ONE)
    expect(lstatSync(host.path('back-ends', 'applications'))).toBeDefined()
  })

  test('lead straight to pre-built outputs when the switch is made', () => {
    const output = join(scratchFolder(), 'a.txt')
    writeFileSync(output, 'pre-built')
    const host = new StoreHost(THEIRS)
    const texts = { ...ONE, 'back-ends/a.config': `-> ${output}` }
    const staged = host.store.stage(setOf(texts), '{}')
    staged.commit()
    expect(host.store.isUnfinished(setOf(texts))).toBe(true)
    expect(readFileSync(host.path('back-ends', 'a.config'), 'utf8')).toBe('pre-built')
    staged.makeDurable()
    expect(host.store.isUnfinished(setOf(texts))).toBe(false)
    expect(targetOf(host, 'a.config')).toBe(output)
    expect(targetOf(host, 'b.config')).toBe('../.generations/current/back-ends/b.config')
    host.switchTo(ONE)
    expect(host.seen()).toEqual({ ...ONE, 'back-ends/other': 'theirs' })
    expect(targetOf(host, 'a.config')).toBe('../.generations/current/back-ends/a.config')
  })

  test('behind a link lead to the switch from where they really are', () => {
    const host = new StoreHost()
    const real = join(host.base, 'deep', 'er')
    mkdirSync(real, { recursive: true })
    symlinkSync('deep/er', host.path('back-ends'))
    host.switchTo(ONE)
    expect(readlinkSync(join(real, 'a.config'))).toBe(
      '../../.generations/current/back-ends/a.config',
    )
    expect(readFileSync(host.path('back-ends', 'a.config'), 'utf8')).toBe('a1')
  })
})

test('what a run that was killed has left is removed, and nothing else', () => {
  const host = new StoreHost()
  host.switchTo(ONE)
  host.switchTo(TWO)
  const left = 'x.1-1.cryptopolicy-tmp'
  writeFiles(host.base, {
    ...{
      [left]: '',
      [`back-ends/${left}`]: '',
      [`state/${left}`]: '',
      [`.generations/${left}`]: '',
    },
    ...{ '.generations/g-7/file': '', '.generations/other': '', '.generations/g-x': '' },
    ...{ other: '', [`local.d/${left}`]: '' },
  })
  host.store.repair()
  for (const folder of ['', 'back-ends', 'state', '.generations']) {
    expect(existsSync(host.path(folder, left)), folder).toBe(false)
  }
  expect(existsSync(host.path('local.d', left))).toBe(true)
  expect(readdirSync(host.path('.generations')).toSorted()).toEqual([
    ...['current', 'g-1', 'g-2', 'g-x', 'other'],
  ])
  expect(host.seen()).toEqual(TWO)
})

describe('putting a policy in force', () => {
  /** A policy that is compiled to these texts. */
  function prepared(texts: Texts, policy = 'ONE', linked: Texts = {}): PreparedPolicy {
    const files = Object.entries(texts).map(([path, content]) => {
      const more = linked[path] === undefined ? {} : { linked: linked[path] }
      return [path, { content, dropIns: {}, ...more }]
    })
    const record = { policy, policyFiles: {}, files: Object.fromEntries(files) }
    return {
      selection: { policy, modules: ['M'] },
      policy: { name: policy, directives: [] },
      applications: [],
      configuration: { files: setOf(texts), diagnostics: [], record, extended: new Map() },
      diagnostics: [],
    }
  }

  class PolicyHost extends StoreHost {
    readonly directories = { base: this.base, profile: scratchFolder() }
    readonly reports: Diagnostic[] = []

    changes(policy: PreparedPolicy, setsConfig = true): readonly string[] {
      return listChanges(this.directories, policy, setsConfig)
    }

    publish(policy: PreparedPolicy, { setsConfig = true, ...options }: Partial<Options> = {}) {
      return publishIfChanged(this.directories, policy, {
        changes: this.changes(policy, setsConfig),
        setsConfig,
        basedOn: this.store.inForce,
        report: (diagnostic) => this.reports.push(diagnostic),
        ...options,
      })
    }

    get config(): string | undefined {
      const path = this.path('config')
      return existsSync(path) ? readFileSync(path, 'utf8') : undefined
    }
  }
  type Options = Parameters<typeof publishIfChanged>[2]

  test('replaces what differs, and says what that is', () => {
    const host = new PolicyHost()
    expect(host.publish(prepared(ONE))).toEqual([...Object.keys(ONE), 'config'])
    expect([host.config, host.seen()]).toEqual(['ONE:M\n', ONE])
    expect(host.publish(prepared(ONE))).toEqual([])
    expect(host.store.inForce).toBe('g-1')
    const more = { ...ONE, 'back-ends/b.config': 'b2' }
    expect(host.publish(prepared(more))).toEqual(['back-ends/b.config'])
    expect(host.publish(prepared(more, 'NEW'))).toEqual(['config'])
    expect([host.config, host.store.inForce]).toEqual(['NEW:M\n', 'g-3'])
    expect(host.reports).toEqual([])
  })

  test('leaves config alone where no policy is set', () => {
    const host = new PolicyHost()
    expect(host.publish(prepared(ONE), { setsConfig: false })).toEqual(Object.keys(ONE))
    expect(host.config).toBe(undefined)
  })

  test('removes what the policy in force had and this one has not; others are no change', () => {
    const host = new PolicyHost()
    const file = 'back-ends/applications/web/nginx.config'
    host.publish(prepared({ ...ONE, [file]: 'n1' }))
    writeFileSync(host.path('back-ends', 'theirs'), 'x')
    expect(host.publish(prepared(ONE))).toEqual([file])
    expect(host.seen()).toEqual({ ...ONE, 'back-ends/theirs': 'x' })
    expect(host.changes(prepared(ONE))).toEqual([])
  })

  test('is due where a link leads to other bytes than it did', () => {
    const host = new PolicyHost()
    const output = join(scratchFolder(), 'a.txt')
    writeFileSync(output, 'x')
    const texts = { ...ONE, 'back-ends/a.config': `-> ${output}` }
    const linked = (text: string) => prepared(texts, 'ONE', { 'back-ends/a.config': text })
    host.publish(linked('x'))
    expect(host.changes(linked('x'))).toEqual([])
    expect(host.changes(linked('y'))).toEqual(['back-ends/a.config'])
  })

  test('is due where config is newer than the policy in force', () => {
    const host = new PolicyHost()
    host.publish(prepared(ONE))
    const at = (path: string, seconds: number) => utimesSync(host.path(path), seconds, seconds)
    at('state/current', 1000)
    at('config', 1000)
    expect(host.changes(prepared(ONE))).toEqual([])
    at('config', 1001)
    expect(host.changes(prepared(ONE))).toEqual(['state/current'])
    const edited = { ...ONE, 'back-ends/a.config': 'a2' }
    expect(host.changes(prepared(edited))).toEqual(['back-ends/a.config'])
    rmSync(host.path('config'))
    expect(host.changes(prepared(ONE), false)).toEqual([])
  })

  test('does nothing where another run was faster', () => {
    const host = new PolicyHost()
    host.publish(prepared(ONE))
    expect(host.publish(prepared(TWO), { basedOn: undefined })).toBe(OUTDATED)
    expect([host.seen(), host.config]).toEqual([ONE, 'ONE:M\n'])
    expect(host.publish(prepared(TWO), { basedOn: 'g-1' })).toHaveLength(3)
  })

  test('owes a reload where there is a script for it', () => {
    const host = new PolicyHost()
    host.publish(prepared(ONE))
    expect(host.store.isReloadOwed).toBe(false)
    writeFiles(host.directories.profile, { 'reload-cmds.sh': 'true\n' })
    host.publish(prepared(TWO))
    expect(host.store.isReloadOwed).toBe(true)
  })

  test('makes the change of an application with it, also where no file differs', () => {
    const host = new PolicyHost()
    host.publish(prepared(ONE))
    const done: string[] = []
    const application: ApplicationChange = {
      choice: { name: 'a', path: undefined },
      commit: () => void done.push('commit'),
      undo: () => void done.push('undo'),
    }
    expect(host.publish(prepared(ONE), { application })).toEqual([])
    expect([done, host.store.inForce]).toEqual([['commit'], 'g-2'])
  })

  test('takes all back where the last step fails', () => {
    for (const before of [undefined, 'OLD\n']) {
      const host = new PolicyHost(before === undefined ? {} : { config: before })
      writeFiles(host.directories.profile, { 'reload-cmds.sh': 'true\n' })
      // A folder keeps the link of the switch from its place.
      mkdirSync(host.path('.generations', 'current', 'full'), { recursive: true })
      const done: string[] = []
      const application: ApplicationChange = {
        choice: { name: 'a', path: undefined },
        commit: () => void done.push('commit'),
        undo: () => void done.push('undo'),
      }
      const told = {
        code: 'FILE_UNWRITABLE',
        message: `cannot write ${host.path('.generations', 'current')}: it is a directory`,
        hint: 'nothing was changed: the configuration that was in force still is',
      }
      expect(() => host.publish(prepared(ONE), { application })).toThrow(
        expect.objectContaining({ diagnostics: [expect.objectContaining(told)] }),
      )
      expect(done).toEqual(['commit', 'undo'])
      expect(host.config).toBe(before)
      expect(host.store.isReloadOwed).toBe(false)
      expect(host.generations()).toEqual([])
      expect(readdirSync(host.base).filter((name) => name.endsWith('-tmp'))).toEqual([])
      expect(host.seen()).toEqual({})
    }
  })

  test('takes all back where the application cannot be changed, and keeps a reload owed', () => {
    const host = new PolicyHost({ config: 'OLD\n' })
    writeFiles(host.directories.profile, { 'reload-cmds.sh': 'true\n' })
    writeFileSync(host.store.reloadMarker, '')
    const application: ApplicationChange = {
      choice: { name: 'a', path: undefined },
      commit: () => mkdirSync('/proc/none'),
      undo: () => {},
    }
    expect(() => host.publish(prepared(ONE), { application })).toThrow(refusal('FILE_UNWRITABLE'))
    expect([host.config, host.store.inForce, host.store.isReloadOwed]).toEqual([
      ...['OLD\n', undefined, true],
    ])
    expect(readdirSync(host.base).filter((name) => name.endsWith('-tmp'))).toEqual([])
  })
})

describe('whether the configured policy is in force', () => {
  /** @param times Of state/current and of config, in seconds. */
  function isAppliedWith(state: string, config: string, times: readonly [number, number]): unknown {
    const directories = { base: scratchFolder(), profile: '/' }
    writeFiles(directories.base, { 'state/current': state, config })
    utimesSync(join(directories.base, 'state/current'), times[0], times[0])
    utimesSync(join(directories.base, 'config'), times[1], times[1])
    return isApplied(directories)
  }

  test.each([
    ['A\n', 'A\n', [1000, 1000], true],
    ['A\n', 'A\n', [1001, 1000], true],
    ['A\n', 'A\n', [1000, 1001], false],
    ['A\n', 'B\n', [1000, 1000], false],
    ['A\n', 'A\r\n', [1000, 1000], true],
    ['A\n', 'A', [1000, 1000], false],
  ] as const)('of %j and %j with the times %j: %j', (state, config, times, expected) => {
    expect(isAppliedWith(state, config, times)).toBe(expected)
  })

  test('is not known where one of the two files is missing', () => {
    const directories = { base: scratchFolder(), profile: '/' }
    expect(isApplied(directories)).toBe(undefined)
    writeFiles(directories.base, { config: 'A\n' })
    expect(isApplied(directories)).toBe(undefined)
  })
})

import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { ROOT, type RunOptions, runFile, scratchFolder } from './command.ts'

const NODE_FOLDER = dirname(process.execPath)

/** An environment in which only the programs of the system and of `folders` are found. */
function pathOf(...folders: readonly string[]): RunOptions {
  return { env: { PATH: [...folders, '/usr/bin', '/bin'].join(':'), CRYPTOPOLICY_NODE: '' } }
}

/** A folder with programs of the shell but no Node.js, or one that says it is too old. */
function toolsWithout(node?: string): string {
  const folder = scratchFolder()
  for (const tool of ['readlink', 'sh', 'uname']) {
    const path = ['/usr/bin', '/bin'].map((place) => join(place, tool)).find(existsSync)
    if (path) symlinkSync(path, join(folder, tool))
  }
  if (node !== undefined) writeFileSync(join(folder, 'node'), node, { mode: 0o755 })
  return folder
}

test('runs from a checkout, from any folder, through symbolic links', () => {
  const folder = scratchFolder()
  mkdirSync(join(folder, 'a b'))
  symlinkSync(join(ROOT, 'bin', 'cryptopolicy'), join(folder, 'a b', 'one'))
  symlinkSync('one', join(folder, 'a b', 'two'))
  symlinkSync(ROOT, join(folder, 'checkout'))
  for (const path of [
    join(folder, 'a b', 'two'),
    join(folder, 'checkout', 'bin', 'cryptopolicy'),
    join(ROOT, 'bin', '..', 'bin', 'cryptopolicy'),
  ]) {
    const { status, stdout } = runFile(path, ['--version'], { cwd: folder })
    expect([status, stdout], path).toEqual([0, `${manifest.version}\n`])
  }
  expect(runFile('/bin/sh', ['cryptopolicy', '--version'], { cwd: join(ROOT, 'bin') }).status).toBe(
    0,
  )
})

test('runs on a machine whose own Node.js is too old, with the one that the checkout brings', () => {
  const old = toolsWithout('#!/bin/sh\necho v20.1.0\n')
  const { status, stdout } = runFile(
    join(ROOT, 'bin', 'update-policies'),
    ['--version'],
    pathOf(old),
  )
  expect([status, stdout]).toEqual([0, `${manifest.version}\n`])
})

test('says in one line that it found no Node.js that will do', () => {
  const copy = scratchFolder()
  cpSync(join(ROOT, 'bin'), join(copy, 'bin'), { recursive: true, verbatimSymlinks: true })
  mkdirSync(join(copy, 'dist'))
  writeFileSync(join(copy, 'dist', 'cryptopolicy.cjs'), '')
  const launcher = join(copy, 'bin', 'cryptopolicy')
  for (const node of [undefined, '#!/bin/sh\necho v20.1.0\n', '#!/bin/sh\nexit 1\n']) {
    const env = { PATH: toolsWithout(node), CRYPTOPOLICY_NODE: '' }
    const { status, stderr } = runFile(launcher, ['--version'], { env })
    expect(status).toBe(69)
    expect(stderr).toMatch(/^error: Node\.js 24 or later is needed[^\n]*\n$/)
  }
})

test('says that a checkout has not been built', () => {
  const copy = scratchFolder()
  cpSync(join(ROOT, 'bin'), join(copy, 'bin'), { recursive: true, verbatimSymlinks: true })
  const { status, stderr } = runFile(join(copy, 'bin', 'update-policies'), [])
  expect(status).toBe(69)
  expect(stderr).toContain('run npm ci')
})

/** What `npm pack` makes, once for all tests. */
const packages = mkdtempSync(join(tmpdir(), 'cryptopolicy-test-'))
afterAll(() => rmSync(packages, { recursive: true, force: true }))

function packCheckout(): string {
  if (readdirSync(packages).length === 0) {
    const pack = ['pack', ...QUIET, '--ignore-scripts', '--pack-destination', packages]
    const packed = runFile('npm', pack, { cwd: ROOT })
    expect(packed.status, packed.stderr).toBe(0)
  }
  return join(packages, readdirSync(packages).find((name) => name.endsWith('.tgz')) ?? '')
}

const QUIET = ['--silent', '--no-audit', '--no-fund'] as const

/** A Node.js that says it is old, and can all the same run npm. */
const SAYS_IT_IS_OLD = `#!/bin/sh
[ "$1" = --version ] && echo v20.1.0 && exit
exec ${process.execPath} "$@"
`

test('brings a Node.js of its own to a machine whose own is too old', () => {
  const old = pathOf(toolsWithout(SAYS_IT_IS_OLD))
  const prefix = scratchFolder()
  const install = ['install', '--global', ...QUIET, '--prefix', prefix, packCheckout()]
  const installed = runFile('npm', install, { cwd: prefix, ...old })
  expect(installed.status, installed.stderr).toBe(0)
  const { status, stdout } = runFile(join(prefix, 'bin', 'cryptopolicy'), ['--version'], old)
  expect([status, stdout]).toEqual([0, `${manifest.version}\n`])
  const seen = readdirSync(join(prefix, 'bin'))
  expect(seen.toSorted()).toEqual(Object.keys(manifest.bin).toSorted())
})

/** A koffi that leaves a file where it is loaded. */
function plantKoffi(folder: string, mark: string): void {
  for (const name of ['koffi', `@koromix/koffi-${process.platform}-${process.arch}`]) {
    mkdirSync(join(folder, name), { recursive: true })
    writeFileSync(join(folder, name, 'package.json'), JSON.stringify({ name, version: '99.0.0' }))
    writeFileSync(join(folder, name, 'index.js'), `require('fs').writeFileSync('${mark}', '')`)
  }
}

/** Opens a disk, which calls functions of the C library, and tells which koffi does it. */
const WHOSE_KOFFI = `
import { readFileSync } from 'node:fs'
import { FileStorage } from 'cryptopolicy/nbd'
const storage = await FileStorage.open('package.json', { readOnly: true })
await storage.extents(0, 1, 1)
await storage.close()
console.log([...new Set(readFileSync('/proc/self/maps', 'utf8').match(/\\S*koffi\\S*/g))].join())
`

/** A project that depends on the package, in a folder where others planted what is not to be loaded. */
function installAmongPlanted(outer: string, options: readonly string[], run: RunOptions): string {
  const planted = ['node_modules', 'home/.node_modules', 'home/.node_libraries', 'path', 'evil']
  for (const folder of planted) plantKoffi(join(outer, folder), join(outer, 'loaded'))
  const project = join(outer, 'project')
  mkdirSync(project)
  // The project has one of its own, so that npm puts ours within the package.
  const dependencies = { koffi: 'file:../evil/koffi' }
  const about = { private: true, type: 'module', dependencies }
  writeFileSync(join(project, 'package.json'), JSON.stringify(about))
  const installed = runFile('npm', ['install', ...QUIET, ...options, packCheckout()], {
    cwd: project,
    ...run,
  })
  expect(installed.status, installed.stderr).toBe(0)
  return project
}

/** The files of koffi that a program of the project has loaded, and none of those that were planted. */
function koffiLoadedIn(project: string): string {
  const outer = dirname(project)
  writeFileSync(join(project, 'main.js'), WHOSE_KOFFI)
  const env = { HOME: join(outer, 'home'), NODE_PATH: join(outer, 'path') }
  const { status, stdout, stderr } = runFile(process.execPath, ['main.js'], { cwd: project, env })
  expect([status, existsSync(join(outer, 'loaded'))], stderr).toEqual([0, false])
  return stdout.trim()
}

test('a project that depends on the library loads its own koffi, and gets no Node.js', () => {
  const old = pathOf(toolsWithout(SAYS_IT_IS_OLD))
  const project = installAmongPlanted(scratchFolder(), [], old)
  const names = readdirSync(join(project, 'node_modules'), { recursive: true, encoding: 'utf8' })
  expect(names.filter((name) => /(^|\/)(node|own-node)$/.test(name))).toEqual([])
  const library = "import('cryptopolicy').then((m) => console.log(m.BACKENDS.length))"
  expect(runFile(process.execPath, ['-e', library], { cwd: project }).stdout).toBe('13\n')
  // The part for this machine may be beside the package.
  expect(koffiLoadedIn(project).startsWith(join(project, 'node_modules'))).toBe(true)
})

test('every part of the library says so where Node.js is too old for it', () => {
  const paths = Object.values(manifest.exports).flatMap((one) =>
    typeof one === 'string' ? [] : join(ROOT, one.default),
  )
  const program = `Object.defineProperty(process.versions, 'node', { value: '20.1.0' })
    for (const path of ${JSON.stringify(paths)}) {
      import(path).then(() => console.log('loaded'), (error) => console.log(error.message))
    }`
  const word = /^cryptopolicy needs Node\.js 24 or later, and this is v/
  // Names that the older one does not have would stop it before it says anything.
  const isThere = existsSync('/usr/bin/node')
  const older = isThere ? runFile('/usr/bin/node', ['--version']).stdout : ''
  const isOlder = Number.parseInt(older.slice(1), 10) < 24
  for (const node of [process.execPath, ...(isOlder ? ['/usr/bin/node'] : [])]) {
    const told = runFile(node, ['-e', program]).stdout.trimEnd().split('\n')
    expect([node, ...told]).toEqual([node, ...paths.map(() => expect.stringMatching(word))])
  }
})

test('an installed package works without koffi and without its scripts, and loads no other koffi', () => {
  const options = ['--omit=optional', '--ignore-scripts']
  const project = installAmongPlanted(scratchFolder(), options, {})
  expect(koffiLoadedIn(project)).toBe('')
  const bin = join(project, 'node_modules', '.bin')
  const run = { cwd: project, ...pathOf(NODE_FOLDER) }
  const show = ['show', 'DEFAULT', '--backend', 'krb5']
  const shown = runFile(join(bin, 'cryptopolicy'), show, run)
  expect(shown.stdout, shown.stderr).toContain('permitted_enctypes = aes256-cts')
  const set = ['--base-dir', join(project, 'base'), '--set', 'FUTURE', '--no-reload']
  expect(runFile(join(bin, 'update-policies'), set, run).status).toBe(0)
})

test('takes the Node.js of the machine where that is new enough, whatever was brought along', () => {
  const newer = toolsWithout('#!/bin/sh\n[ "$1" = --version ] && echo v99.0.0 || echo the newer\n')
  const { stdout } = runFile(join(ROOT, 'bin', 'cryptopolicy'), ['--version'], pathOf(newer))
  expect(stdout).toBe('the newer\n')
})

type LockEntry = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>

test('the lock file has all that npm ci looks for, on every platform', () => {
  const lock: { packages: Readonly<Record<string, LockEntry>> } = JSON.parse(
    readFileSync(join(ROOT, 'package-lock.json'), 'utf8'),
  )
  const missing = Object.entries(lock.packages).flatMap(([path, entry]) =>
    Object.keys({ ...entry.dependencies, ...entry.optionalDependencies, ...entry.peerDependencies })
      .filter((name) => entry.peerDependenciesMeta?.[name] === undefined)
      .filter((name) => !lock.packages[`node_modules/${name}`])
      .map((name) => `${path} needs ${name}`),
  )
  expect(missing).toEqual([])
  expect(Object.values(lock.packages).filter((entry) => 'resolved' in entry)).toEqual([])
})

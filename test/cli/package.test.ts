import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { ROOT, type RunOptions, runFile, scratchFolder } from './command.ts'

const NODE_FOLDER = dirname(process.execPath)

/** An environment in which only the programs of the system and of `folders` are found. */
function pathOf(...folders: readonly string[]): RunOptions {
  return { env: { PATH: [...folders, '/usr/bin', '/bin'].join(':') } }
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
  writeFileSync(join(copy, 'dist', 'cryptopolicy.js'), '')
  const launcher = join(copy, 'bin', 'cryptopolicy')
  for (const node of [undefined, '#!/bin/sh\necho v20.1.0\n', '#!/bin/sh\nexit 1\n']) {
    const env = { PATH: toolsWithout(node) }
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
  expect(stderr).toContain('run npm install')
})

/** Packs the checkout and installs the package into a scratch prefix, as `npm install -g` does. */
function installPackage(...options: readonly string[]): string {
  const prefix = scratchFolder()
  const quiet = ['--silent', '--no-audit', '--no-fund']
  const pack = ['pack', ...quiet, '--ignore-scripts', '--pack-destination', prefix]
  const packed = runFile('npm', pack, { cwd: ROOT })
  expect(packed.status, packed.stderr).toBe(0)
  const tarball = readdirSync(prefix).find((name) => name.endsWith('.tgz')) ?? ''
  const install = ['install', '--global', ...quiet, ...options, '--prefix', prefix]
  const installed = runFile('npm', [...install, join(prefix, tarball)], { cwd: prefix })
  expect(installed.status, installed.stderr).toBe(0)
  return prefix
}

test('works when it is installed from its package', () => {
  const prefix = installPackage('--omit=optional', '--ignore-scripts')
  const bin = join(prefix, 'bin')
  const options = { cwd: prefix, ...pathOf(NODE_FOLDER) }
  const show = ['show', 'DEFAULT', '--backend', 'krb5']
  const shown = runFile(join(bin, 'cryptopolicy'), show, options)
  expect(shown.stdout, shown.stderr).toContain('permitted_enctypes = aes256-cts')
  const set = ['--base-dir', join(prefix, 'base'), '--set', 'FUTURE', '--no-reload']
  expect(runFile(join(bin, 'update-policies'), set, options).status).toBe(0)
  const library = "import('cryptopolicy').then((m) => console.log(m.BACKENDS.length))"
  const cwd = join(prefix, 'lib', 'node_modules', 'cryptopolicy')
  expect(runFile(process.execPath, ['-e', library], { cwd }).stdout).toBe('13\n')
}, 120_000)

test('brings its own Node.js when it is installed on a machine whose own is too old', () => {
  const prefix = installPackage()
  const old = toolsWithout('#!/bin/sh\necho v20.1.0\n')
  const { status, stdout } = runFile(
    join(prefix, 'bin', 'cryptopolicy'),
    ['--version'],
    pathOf(old),
  )
  expect([status, stdout]).toEqual([0, `${manifest.version}\n`])
}, 180_000)

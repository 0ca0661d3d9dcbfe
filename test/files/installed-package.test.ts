import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, runFile, scratchFolder, writeFiles } from '../cli/command.ts'

const NAMES = ['koffi', `@koromix/koffi-${process.platform}-${process.arch}`]

/** Packages that leave a file where they are loaded. */
function trap(folder: string, mark: string, names = NAMES): void {
  for (const name of names) {
    writeFiles(folder, {
      [`${name}/index.js`]: `require('node:fs').writeFileSync(${JSON.stringify(mark)}, '')`,
      [`${name}/package.json`]: '{"main": "index.js"}',
    })
  }
}

function loadIn(home: string, env: Readonly<Record<string, string>>): string {
  const url = JSON.stringify(join(home, 'src', 'files', 'libc.ts'))
  const script = `import { loadLibc } from ${url}; console.log(typeof loadLibc())`
  const args = ['--no-warnings', '--input-type=module', '--eval', script]
  return runFile(process.execPath, args, { env }).stdout.trim()
}

/** This package, installed as `app` below a folder. */
function installAt(above: string): string {
  const home = join(above, 'app')
  cpSync(join(ROOT, 'src'), join(home, 'src'), { recursive: true })
  cpSync(join(ROOT, 'package.json'), join(home, 'package.json'))
  return home
}

test('without koffi, what HOME, NODE_PATH or a folder above has of its name is not loaded', () => {
  const folder = scratchFolder()
  const mark = join(folder, 'loaded')
  trap(join(folder, 'home', '.node_modules'), mark)
  trap(join(folder, 'path'), mark)
  trap(join(folder, 'node_modules'), mark)
  const home = installAt(folder)
  const env = { HOME: join(folder, 'home'), NODE_PATH: join(folder, 'path') }
  expect(loadIn(home, env)).toBe('undefined')
  expect(existsSync(mark)).toBe(false)
})

test('koffi without the part for this machine does not find one elsewhere', () => {
  const folder = scratchFolder()
  const mark = join(folder, 'loaded')
  trap(join(folder, 'path'), mark, NAMES.slice(1))
  const home = installAt(folder)
  cpSync(join(ROOT, 'node_modules', 'koffi'), join(home, 'node_modules', 'koffi'), {
    recursive: true,
  })
  expect(loadIn(home, { NODE_PATH: join(folder, 'path') })).toBe('undefined')
  expect(existsSync(mark)).toBe(false)
})

test('koffi is found where npm puts it', () => {
  expect(loadIn(ROOT, {})).toBe('object')
})

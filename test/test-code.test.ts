/** What every test keeps to, so that the suite ends, gives one verdict and means what it says. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LONG_FILES } from './long-files.ts'

/** Scripts of their own: they print their seeds, and nothing waits for their end. */
const SCRIPTS = /^(fuzz|soak|bench|demo|mutation)\//

const OWN = 'test-code.test.ts'

const FILES = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !SCRIPTS.test(path) && path !== OWN)
  .map((path) => ({ path, text: readFileSync(join(import.meta.dirname, path), 'utf8') }))

/** `path:line: the line` wherever a pattern matches. */
function find(pattern: RegExp, ...excepted: readonly string[]): readonly string[] {
  return FILES.filter(({ path }) => !excepted.includes(path)).flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, index) =>
        pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [],
      ),
  )
}

test('every program is started by peers/child-process.ts, which ends it with all that it started', () => {
  const others = find(/['"](node:)?child_process['"]/, 'peers/child-process.ts')
  expect(others.filter((line) => !line.includes('import type '))).toEqual([])
})

test('an error that is expected is named', () => {
  expect(find(/(?<!\bnot)\.toThrow(Error)?\(\)/)).toEqual([])
  expect(find(/\.toThrow(Error)?\(Error\)/)).toEqual([])
})

test('what replaces a module runs in a process where nothing has loaded it', () => {
  const config = readFileSync(join(import.meta.dirname, '..', 'vitest.config.ts'), 'utf8')
  const replacing = FILES.filter(({ text }) => /^vi\.(mock|doMock)\(/m.test(text))
  const shared = replacing.filter(
    ({ path }) => !config.includes(`'${path.replace(/\.test\.ts$/, '')}'`),
  )
  expect(replacing.length).toBeGreaterThan(0)
  expect(shared.map(({ path }) => path)).toEqual([])
})

test('each file that is named as one that takes long is there', () => {
  expect(LONG_FILES.filter((path) => !existsSync(join(import.meta.dirname, '..', path)))).toEqual(
    [],
  )
  expect(new Set(LONG_FILES).size).toBe(LONG_FILES.length)
})

test('what is drawn at random has the seed of seed.ts', () => {
  expect(find(/from ['"]fast-check['"]/, 'seed.ts')).toEqual([])
  expect(find(/Math\.random|randomInt\b|Date\.now\(\) *%/)).toEqual([])
})

/** Everything else that is missing fails where `CI` is set (peers/peer.ts). */
const REASONS = [
  /skipIf\(!hasPeer\(|skipIf\(!hasGnutlsCli\(|skipIf\(isMissing\)|skipIf\(missing\.length/,
  /skipIf\(!.* && !process\.env\.CI\)/,
  /skipIf\((process\.gete?uid\?\.\(\) !== 0|!isRoot)\)/,
  /skipIf\(!existsSync\('\/etc\/services'\)\)/,
  /skip\('(mounting is|loop devices are) not permitted'\)/,
]

test('a test is skipped for a reason that docs/architecture.md lists', () => {
  const skipped = find(/(?<!reader|\.)\.(skip|skipIf|todo|runIf|only)\(/)
  expect(skipped.filter((line) => !REASONS.some((reason) => reason.test(line)))).toEqual([])
})

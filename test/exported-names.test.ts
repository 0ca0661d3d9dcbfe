/** A name that a file exports means one thing in all of src/: a reader who finds it has found the right one. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from './cli/command.ts'

const EXPORT = /^export (?:async )?(?:const|function\*?|(?:abstract )?class|type|interface) (\w+)/gm

/** It gives what other folders export to other programs, with its arguments checked. */
const LIBRARY = /^library\//

const SOURCES = join(ROOT, 'src')

const EXPORTS = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !LIBRARY.test(path))
  .flatMap((path) => namesOf(path).map((name) => ({ path, name })))

/** A type may have the name of its value. */
function namesOf(path: string): readonly string[] {
  const text = readFileSync(join(SOURCES, path), 'utf8')
  return [...new Set([...text.matchAll(EXPORT)].map(([, name = '']) => name))]
}

test('no two files export one name', () => {
  const byName = Map.groupBy(EXPORTS, ({ name }) => name)
  expect(byName.size).toBeGreaterThan(1_000)
  const shared = [...byName].filter(([, places]) => places.length > 1)
  expect(shared.map(([name, places]) => [name, ...places.map(({ path }) => path)])).toEqual([])
})

/**
 * Loads a package that was installed with this one, and no other.
 *
 * Node's own require goes on to look in folders that the environment names (NODE_PATH, HOME) and in
 * every folder above, where another user may have put a package of that name.
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'

/**
 * Loads a package with code of the machine.
 *
 * @param parts The packages that it looks for itself once it is loaded: where one is not beside it,
 *   nothing is loaded.
 * @throws an Error where one is not installed, or does not load.
 */
export function requireInstalled(name: string, parts: readonly string[]): unknown {
  const folders = foldersOf(import.meta.dirname)
  const folder = folders.find((one) => existsSync(join(one, name)))
  if (folder === undefined) throw new Error(`${name} is not installed`)
  const path = join(folder, name)
  // npm may put them beside this package even where the package itself is within it.
  const places = [join(path, 'node_modules'), ...folders.slice(folders.indexOf(folder))]
  const isThere = (part: string) => places.some((place) => existsSync(join(place, part)))
  const missing = parts.find((part) => !isThere(part))
  if (missing !== undefined) throw new Error(`${missing} is not installed`)
  return createRequire(import.meta.url)(path)
}

/** Where npm puts what a package depends on: within it, or beside it where it is installed itself. */
function foldersOf(inside: string): readonly string[] {
  const home = homeOf(inside)
  const own = join(home, 'node_modules')
  const above = dirname(home)
  return basename(above) === 'node_modules' ? [own, above] : [own]
}

/** The folder of this package. */
function homeOf(folder: string): string {
  if (existsSync(join(folder, 'package.json')) || dirname(folder) === folder) return folder
  return homeOf(dirname(folder))
}

/** Which other files a configuration includes: `Include`, `includedir`, `.include = FILE`, `!include_try`. */
import { type Dirent, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join, matchesGlob, resolve } from 'node:path'

const INCLUDE = /^\s*[.!]?include(?:optional|_?dir|_try|_if_exists)?\s*[\s=]\s*(.+?)\s*;?\s*$/gim

/** The files that the text of a configuration includes. Names are relative to the folder of the file. */
export function listIncluded(path: string, text: string): readonly string[] {
  return [...text.matchAll(INCLUDE)]
    .flatMap(([, names = '']) => names.split(/\s+/))
    .map((name) => resolve(dirname(path), name.replaceAll(/["';]/g, '')))
    .flatMap(expand)
}

/** All files of a folder, or those that a pattern in the last part of the name matches. */
function expand(path: string): readonly string[] {
  if (isFolder(path)) return listFolder(path).map(({ name }) => join(path, name))
  if (!/[*?[]/.test(path)) return [path]
  const folder = dirname(path)
  return listFolder(folder)
    .filter(matching(basename(path)))
    .map(({ name }) => join(folder, name))
}

/** Almost all patterns have only stars. What Node.js knows of others takes longer to load than all files to read. */
function matching(pattern: string): (entry: Dirent) => boolean {
  if (/[^\w.*-]/.test(pattern)) return ({ name }) => matchesGlob(name, pattern)
  const shape = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll(/\*+/g, '.*')}$`, 's')
  // A star in the first place stands for no hidden file.
  return ({ name }) => shape.test(name) && (pattern.startsWith('.') || !name.startsWith('.'))
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

function listFolder(path: string): readonly Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true }).filter((entry) => !entry.isDirectory())
  } catch {
    return []
  }
}

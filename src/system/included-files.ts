/** Which other files a configuration includes: `Include`, `includedir`, `.include = FILE`, `!include_try`. */
import { type Dirent, readdirSync, statSync } from 'node:fs'
import { dirname, join, matchesGlob, resolve } from 'node:path'

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
  const files = listFolder(folder).map(({ name }) => join(folder, name))
  return files.filter((file) => matchesGlob(file, path))
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

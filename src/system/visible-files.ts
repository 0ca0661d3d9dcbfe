/** What stands in `back-ends` and `state`, whatever was put there. */
import { isAbsolute } from 'node:path'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { readBytes } from '../files/text-file.ts'
import type { GeneratedFile } from './generated-files.ts'

/** Not looked into: a file of another program, a pipe, a folder, a file beyond all bounds. */
export type OpaqueFile = { readonly isOpaque: true }

export type VisibleFile = GeneratedFile | OpaqueFile

/** By path below the base directory. */
export type VisibleFiles = ReadonlyMap<string, VisibleFile>

export const OPAQUE: OpaqueFile = { isOpaque: true }

/** Files of ours are never larger, in bytes. */
const LIMIT = 16 * 1024 * 1024

/**
 * Looks at a file that has the name of one of ours.
 *
 * @param link Where its place leads, if that is a link. A relative link is not one of ours.
 */
export function readVisibleFile(path: string, link: string | undefined): VisibleFile {
  if (link !== undefined && isAbsolute(link)) return { link }
  const content = readContent(path)
  return content === undefined ? OPAQUE : { content }
}

/** Whether a file is seen as it is to be, byte for byte or link for link. */
export function sameFile(a: GeneratedFile, b: VisibleFile | undefined): boolean {
  if (!b) return false
  if ('link' in a) return 'link' in b && a.link === b.link
  return 'content' in b && a.content.equals(b.content)
}

/** The bytes that a reader gets; undefined where it gets none. Never waits for a pipe. */
export function readContent(path: string): Buffer | undefined {
  try {
    return readBytes(path, LIMIT)
  } catch (error) {
    if (error instanceof DiagnosticError) return undefined
    throw error
  }
}

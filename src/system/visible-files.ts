/** What stands in `back-ends` and `state`, whatever was put there. */
import { isAbsolute } from 'node:path'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { readBytes } from '../files/text-file.ts'
import type { GeneratedFile } from './generated-files.ts'
import { statIfReachable } from './null-device.ts'

/** Not looked into: a file of another program, a pipe, a folder, a file beyond all bounds. */
export type OpaqueFile = { readonly isOpaque: true }

export type VisibleFile = GeneratedFile | OpaqueFile

/** By path below the base directory. */
export type VisibleFiles = ReadonlyMap<string, VisibleFile>

export const OPAQUE: OpaqueFile = { isOpaque: true }

/** Files of ours are never larger, in bytes. */
const LIMIT = 16 * 1024 * 1024

/** Where a program finds a file. */
export type VisiblePlace = {
  readonly file: string
  /** Where the place leads, if it is a link. */
  readonly readLink: () => string | undefined
}

/** Looks at a file that has the name of one of ours. A relative link is not one of ours. */
export function readVisibleFile({ file, readLink }: VisiblePlace): VisibleFile {
  const link = readLink()
  if (link !== undefined && isAbsolute(link)) return { link }
  const content = readContent(file)
  return content === undefined ? OPAQUE : { content }
}

/** Whether a file is seen as it is to be, byte for byte or link for link. It is read only where its size is right. */
export function isSeenAs(expected: GeneratedFile, { file, readLink }: VisiblePlace): boolean {
  const link = readLink()
  const isOurLink = link !== undefined && isAbsolute(link)
  if ('link' in expected) return isOurLink && expected.link === link
  const { content } = expected
  const hasItsSize = () => statIfReachable(file)?.size === content.length
  return !isOurLink && hasItsSize() && (readContent(file)?.equals(content) ?? false)
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

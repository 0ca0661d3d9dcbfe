/** Rebuilds the guest's memory from a migration: a folder with a file for each block, whole or not at all. */

import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { type Diagnostic, diagnose, fail } from '../../diagnostics/diagnostic.ts'
import { syncFolder } from '../../files/atomic-file.ts'
import { FILE_KINDS } from '../../files/file-diagnostics.ts'
import { MainInspection } from '../inspect/main-inspection.ts'
import {
  type InspectedMigration,
  type InspectionOptions,
  inspectMigration,
} from '../inspect/migration-inspection.ts'
import { PageSetBudget } from '../inspect/page-set.ts'
import { MIGRATION_KINDS } from '../migration-diagnostics.ts'
import { BlockFile } from './block-file.ts'
import { MemoryImage } from './memory-image.ts'

type RebuiltBlock = {
  readonly block: string
  /** Within the folder. */
  readonly file: string
  /** Bytes. */
  readonly size: number
}

export type RebuiltMemory = {
  readonly migration: InspectedMigration
  readonly blocks: readonly RebuiltBlock[]
  readonly warnings: readonly Diagnostic[]
}

/**
 * @param path The migration: a file, a folder, or `-` for standard input.
 * @param folder It has to be missing or empty.
 * @throws DiagnosticError where the migration is not whole or was finished by post-copy.
 */
export async function rebuildMemory(
  path: string,
  folder: string,
  options: Pick<InspectionOptions, 'offset' | 'pageSize' | 'signal'> = {},
): Promise<RebuiltMemory> {
  const temporary = makeTemporary(folder)
  const blocks: RebuiltBlock[] = []
  const budget = new PageSetBudget()
  const image = new MemoryImage({
    open: ({ name, size }, pageSize) => {
      const file = fileNameOf(name)
      blocks.push({ block: name, file, size })
      return new BlockFile(join(temporary, file), size, pageSize, budget)
    },
  })
  try {
    const migration = await inspectMigration(path, {
      ...options,
      onStream: image.handleStream,
      onMultifd: image.handleMultifd,
      onChannel: () => image.beginChannel(),
      onPart: () => image.unpack(),
    })
    await image.unpack()
    if (!(migration.first.inspection instanceof MainInspection)) {
      fail(MIGRATION_KINDS.noMainChannel, { folder: path })
    }
    image.finish()
    publish(temporary, folder)
    return { migration, blocks, warnings: warningsOf(migration) }
  } catch (error) {
    image.close()
    rmSync(temporary, { recursive: true, force: true })
    if (options.signal?.aborted) fail(MIGRATION_KINDS.interrupted, { folder })
    throw error
  }
}

/** Beside the folder, where only this user can look into it. */
function makeTemporary(folder: string): string {
  if (existsSync(folder) && readdirSyncOrFail(folder).length > 0) {
    fail(MIGRATION_KINDS.folderNotEmpty, { folder })
  }
  const path = resolve(folder)
  try {
    return mkdtempSync(join(dirname(path), `.${basename(path)}.cryptopolicy-tmp-`))
  } catch (error) {
    return fail(FILE_KINDS.unwritable, { path: folder, error })
  }
}

function readdirSyncOrFail(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    return fail(FILE_KINDS.unwritable, { path: folder, error })
  }
}

/** Puts the folder in its place in one step, which fails where another has appeared there. */
function publish(temporary: string, folder: string): void {
  try {
    syncFolder(temporary)
    renameSync(temporary, folder)
    syncFolder(dirname(resolve(folder)))
  } catch (error) {
    fail(FILE_KINDS.unwritable, { path: folder, error })
  }
}

/** Bytes of the longest name that is written out. */
const LONGEST_NAME = 200

/**
 * A block's name as that of a file: it leads nowhere else, and two blocks never share one.
 *
 * @internal Exported for tests.
 */
export function fileNameOf(block: string): string {
  const name = block.replace(/[^A-Za-z0-9@_.,=+-]|^\./g, percentEncode)
  if (name.length <= LONGEST_NAME) return name
  // No name that is written out has two percent signs in a row.
  return `${name.slice(0, 100)}%%${createHash('sha256').update(block).digest('hex')}`
}

function percentEncode(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}

/** A page that never came is zero in the file; the guest may have had another. */
function warningsOf({ first, ram }: InspectedMigration): readonly Diagnostic[] {
  const { inspection } = first
  if (!(inspection instanceof MainInspection)) return []
  return inspection.blocks.flatMap(({ name, size, mapped }) => {
    const { distinct } = ram.block(name)
    const missing = Math.ceil(size / inspection.pageSize) - (distinct ?? Number.POSITIVE_INFINITY)
    if (mapped || missing <= 0) return []
    return [diagnose(MIGRATION_KINDS.pagesNotSent, { block: name, missing })]
  })
}

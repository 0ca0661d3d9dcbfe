/** Chooses where a migration is kept, and refuses places before a source connects. */
import { realpathSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { fail } from '../../diagnostics/diagnostic.ts'
import { FILE_KINDS } from '../../files/file-diagnostics.ts'
import { statPresent } from '../../files/present-file.ts'
import { placeOfDanglingLink, reasonOfOwner } from '../../transfer/replaceable.ts'
import { FileStore, writing } from './file-store.ts'
import { FolderStore } from './folder-store.ts'
import type { MigrationStore } from './migration-store.ts'
import { NullStore } from './null-store.ts'
import { RECEIVE_KINDS } from './receive-diagnostics.ts'

/**
 * @param multifd How many channels there are beside the main one: of several, a folder is made.
 * @throws DiagnosticError
 */
export async function openStore(path: string, multifd: number): Promise<MigrationStore> {
  const present = statPresent(path, FILE_KINDS.unwritable)
  if (present?.isCharacterDevice() && isNullDevice(present)) return new NullStore()
  const target = present ? realpathSync(path) : placeOfDanglingLink(path)
  if (multifd > 0) {
    refuseMountPoint(target, present)
    return FolderStore.create(target)
  }
  if (present && !present.isFile()) {
    const reason = present.isDirectory() ? 'it is a folder' : 'it is no regular file'
    fail(RECEIVE_KINDS.unusablePlace, { path, reason })
  }
  const reason = present && (await writing(path, async () => reasonOfOwner(target, present)))
  if (reason !== undefined) fail(RECEIVE_KINDS.unusablePlace, { path, reason })
  return FileStore.create(target, present)
}

/** The folder is replaced by one that was made beside it. */
function refuseMountPoint(path: string, present: Stats | undefined): void {
  if (!present || statSync(dirname(path)).dev === present.dev) return
  fail(RECEIVE_KINDS.unusablePlace, { path, reason: 'it is a mount point; name a folder in it' })
}

function isNullDevice({ rdev }: Stats): boolean {
  return rdev === statSync('/dev/null').rdev
}

/** Who else could read or change credentials: by modes and owners of files and of folders above them. */
import { type Stats, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Diagnostic, diagnose, escalate } from '../diagnostics/diagnostic.ts'
import { currentUser } from './current-user.ts'
import { PKI_KINDS } from './pki-diagnostics.ts'

export type CredentialPaths = {
  /** Private keys and shared keys. */
  readonly secrets: readonly string[]
  /** Certificates and revocation lists. */
  readonly others: readonly string[]
}

/** Reasons not to rely on files, since users other than root and their owner could have a hand in them. */
export function findExposure({ secrets, others }: CredentialPaths): readonly Diagnostic[] {
  const folders = new Set([...secrets, ...others].map((path) => dirname(resolve(path))))
  return [
    ...secrets.flatMap(checkSecret),
    ...others.flatMap(checkWritable),
    ...[...secrets, ...others].flatMap(checkOwner),
    ...[...folders].flatMap(checkFolder),
  ]
}

function checkSecret(path: string): readonly Diagnostic[] {
  const mode = lookAt(path)?.mode ?? 0
  if ((mode & 0o007) !== 0) return [diagnose(PKI_KINDS.secretExposed, { path })]
  return checkWritable(path)
}

function checkWritable(path: string): readonly Diagnostic[] {
  const mode = lookAt(path)?.mode ?? 0
  if ((mode & 0o022) === 0) return []
  const who = (mode & 0o002) !== 0 ? 'every user' : 'every member of its group'
  return [diagnose(PKI_KINDS.fileWritable, { path, who })]
}

/** The owner of a folder can replace the files in it, also those of other users. */
function checkOwner(path: string): readonly Diagnostic[] {
  const [file, folder] = [lookAt(path), lookAt(dirname(resolve(path)))]
  if (!file || !folder) return []
  const isTrusted = (uid: number) => uid === 0 || uid === currentUser()
  const owners = new Set([file.uid, folder.uid].filter((uid) => !isTrusted(uid)))
  if (owners.size === 0) return []
  const data = { path, file: file.uid, folder: folder.uid }
  const found = diagnose(PKI_KINDS.foreignOwner, data)
  // Files and folder of one service are how services are set up.
  return [file.uid === folder.uid ? { ...found, severity: 'warning' } : found]
}

function checkFolder(path: string): readonly Diagnostic[] {
  const above = dirname(path)
  const mode = lookAt(path)?.mode ?? 0
  const isSticky = (mode & 0o1000) !== 0
  const found = diagnose(PKI_KINDS.folderWritable, { path })
  return [
    ...((mode & 0o002) !== 0 && !isSticky ? [escalate(found)] : []),
    ...(above === path ? [] : checkFolder(above)),
  ]
}

function lookAt(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false })
}

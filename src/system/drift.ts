/** Compares what is in force with what the policy gives now, and says where the difference is from. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { readTextFile } from '../files/text-file.ts'
import { recordContent } from './configuration.ts'
import { type ConfigurationRecord, type FileRecord, parseRecord } from './configuration-record.ts'
import { configFile, type Directories, stateFolder } from './directories.ts'
import { isFipsPolicyMounted } from './fips-mode.ts'
import { GenerationStore } from './generation-store.ts'
import { unifyLineEnds } from './line-ends.ts'
import { preparePolicy, selectPolicy } from './prepared-policy.ts'
import { readContent, type VisibleFile } from './visible-files.ts'

/** What made a file differ from what the policy gives now. */
export type DriftCause =
  /** The file was changed after it was written. */
  | 'hand-edit'
  /** A drop-in was added, changed or removed since. */
  | 'drop-in'
  /** A policy file was changed since. */
  | 'policy-file'
  /** Another policy was configured since. */
  | 'configured-policy'
  /** The pre-built output to which the file is a link was changed or removed since. */
  | 'pre-built'
  /** The program, or the pre-built outputs that were there already, are of another version. */
  | 'package'
  /** No policy has been put in force here. */
  | 'never-applied'
  /** This program did not write the file, so the cause is not known. */
  | 'unknown'

export type Drift = {
  /** The path below the base directory, such as `back-ends/gnutls.config`. */
  readonly file: string
  readonly kind: 'differs' | 'missing' | 'unreadable' | 'unexpected'
  readonly cause: DriftCause
  /** The files behind the cause: drop-ins, policy files. */
  readonly because: readonly string[]
  /** The first line that differs, from 1, and both of its texts. */
  readonly line?: number
  readonly expected?: string
  readonly found?: string
}

/** Every difference between what is in force and what the policy gives now. */
export async function findDrift(directories: Directories): Promise<readonly Drift[]> {
  const selection = selectPolicy(directories, undefined)
  const { configuration } = await preparePolicy(directories, selection, { usePrebuilt: false })
  const { files, record } = configuration
  const store = new GenerationStore(directories.base)
  const visible = store.readVisible(files)
  const before = parseRecord(store.readRecord())
  const isFresh = ![...files.keys()].some((path) => visible.has(path))
  const paths = [...new Set([...files.keys(), ...visible.keys()])].toSorted()
  return paths.flatMap((path) => {
    const file = files.get(path)
    const expected = file && 'content' in file ? file.content : undefined
    const seen = visible.get(path)
    const found = expected && contentOf(seen, join(directories.base, path))
    if (expected !== undefined && found?.equals(expected)) return []
    const difference = compareContents(expected, found, seen)
    const cause: Cause =
      isFresh && file
        ? { cause: 'never-applied', because: [] }
        : findCause(path, seen, found, { before, now: record })
    return [{ file: path, ...cause, ...difference }]
  })
}

/** What programs read, through a link to a pre-built output too. */
function contentOf(seen: VisibleFile | undefined, path: string): Buffer | undefined {
  return seen && 'content' in seen ? seen.content : readContent(path)
}

/** The answer of `--is-applied`: undefined where the files to compare are not there. */
export function isApplied(directories: Directories): boolean | undefined {
  const state = join(stateFolder(directories), 'current')
  const config = configFile(directories)
  try {
    return (
      statSync(state).mtimeMs >= statSync(config).mtimeMs &&
      readName(state) === readName(config) &&
      !isFipsPolicyMounted(directories)
    )
  } catch {
    return undefined
  }
}

function readName(path: string): string {
  return unifyLineEnds(readTextFile(path)).text
}

type Cause = Pick<Drift, 'cause' | 'because'>

type Records = {
  readonly before: ConfigurationRecord | undefined
  readonly now: ConfigurationRecord
}

/** Asked in the order in which a cause hides the ones after it. */
function findCause(
  path: string,
  visible: VisibleFile | undefined,
  found: Buffer | undefined,
  { before, now }: Records,
): Cause {
  const written = before?.files[path]
  const wanted = now.files[path]
  if (!before || !written || !wanted) return { cause: 'unknown', because: [] }
  if (!visible || 'isOpaque' in visible || recordContent(visible) !== written.content) {
    return { cause: 'hand-edit', because: [] }
  }
  const dropIns = changedKeys(written.dropIns, wanted.dropIns)
  if (dropIns.length > 0) return { cause: 'drop-in', because: dropIns }
  if (before.policy !== now.policy) return { cause: 'configured-policy', because: [] }
  const policyFiles = changedKeys(before.policyFiles, now.policyFiles)
  if (policyFiles.length > 0) return { cause: 'policy-file', because: policyFiles }
  if (hasOtherTarget(written, found)) return { cause: 'pre-built', because: [written.content] }
  return { cause: 'package', because: [] }
}

/** What a link led to is not in the records of the first version of this program. */
function hasOtherTarget({ linked }: FileRecord, found: Buffer | undefined): boolean {
  return linked !== undefined && linked !== found?.toString('utf8')
}

function changedKeys(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): readonly string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(now)])
  return [...keys].filter((key) => before[key] !== now[key]).toSorted()
}

function compareContents(
  expected: Buffer | undefined,
  found: Buffer | undefined,
  seen: VisibleFile | undefined,
): Pick<Drift, 'kind' | 'line' | 'expected' | 'found'> {
  if (!expected) return { kind: 'unexpected' }
  if (!found) return { kind: seen && 'isOpaque' in seen ? 'unreadable' : 'missing' }
  const expectedLines = expected.toString('utf8').split('\n')
  const foundLines = found.toString('utf8').split('\n')
  const index = foundLines.findIndex((line, at) => line !== expectedLines[at])
  const at = index < 0 ? foundLines.length : index
  return {
    kind: 'differs',
    line: at + 1,
    expected: expectedLines[at] ?? '',
    found: foundLines[at] ?? '',
  }
}

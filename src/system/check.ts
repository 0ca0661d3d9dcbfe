/** Compares what is in force with what the policy gives now, and says where the difference is from. */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type ConfigurationRecord, recordContent } from './configuration.ts'
import { configFile, type Directories, stateFolder } from './directories.ts'
import { isFipsPolicyMounted } from './fips-mode.ts'
import type { GeneratedFile, GeneratedFiles } from './generated-files.ts'
import { GenerationStore } from './generation-store.ts'
import { preparePolicy, selectPolicy } from './prepared-policy.ts'

/** What made a file differ from what the policy gives now. */
export type DriftCause =
  /** Somebody changed the file after it was written. */
  | 'hand-edit'
  /** A drop-in was added, changed or removed since. */
  | 'drop-in'
  /** A policy file was changed since. */
  | 'policy-file'
  /** Another policy was configured since. */
  | 'configured-policy'
  /** The program or the pre-built outputs are newer. */
  | 'package'
  /** Not written by this program, so there is no telling. */
  | 'unknown'

export type Drift = {
  /** The path below the base directory, such as `back-ends/gnutls.config`. */
  readonly file: string
  readonly kind: 'differs' | 'missing' | 'unexpected'
  readonly cause: DriftCause
  /** The files behind the cause: drop-ins, policy files. */
  readonly because: readonly string[]
  /** The first line that differs, from 1, and both of its texts. */
  readonly line?: number
  readonly expected?: string
  readonly found?: string
}

/** Every difference between what is in force and what the policy gives now. */
export function findDrift(directories: Directories): readonly Drift[] {
  const { configuration } = preparePolicy(directories, selectPolicy(directories, undefined), false)
  const store = new GenerationStore(directories.base)
  const visible = store.readVisible()
  const before = parseRecord(store.readRecord())
  const paths = [...new Set([...configuration.files.keys(), ...visible.keys()])].toSorted()
  return paths.flatMap((path) => {
    const expected = contentOf(directories, path, configuration.files)
    const found = contentOf(directories, path, visible)
    if (expected !== undefined && found !== undefined && expected.equals(found)) return []
    const { cause, because } = findCause(path, visible.get(path), before, configuration.record)
    return [{ file: path, cause, because, ...compareContents(expected, found) }]
  })
}

/** The answer of `--is-applied`: undefined where the files to compare are not there. */
export function isApplied(directories: Directories): boolean | undefined {
  const state = join(stateFolder(directories), 'current')
  const config = configFile(directories)
  try {
    return (
      statSync(state).mtimeMs >= statSync(config).mtimeMs &&
      readFileSync(state).equals(readFileSync(config)) &&
      !isFipsPolicyMounted(directories)
    )
  } catch {
    return undefined
  }
}

function contentOf(
  directories: Directories,
  path: string,
  files: GeneratedFiles,
): Buffer | undefined {
  const file = files.get(path)
  if (!file || 'content' in file) return file?.content
  try {
    return readFileSync(join(directories.base, path))
  } catch {
    return undefined
  }
}

/** Asked in the order in which a cause hides the ones after it. */
function findCause(
  path: string,
  visible: GeneratedFile | undefined,
  before: ConfigurationRecord | undefined,
  now: ConfigurationRecord,
): { cause: DriftCause; because: readonly string[] } {
  const written = before?.files[path]
  const wanted = now.files[path]
  if (!before || !written || !wanted) return { cause: 'unknown', because: [] }
  if (!visible || recordContent(visible) !== written.content)
    return { cause: 'hand-edit', because: [] }
  const dropIns = changedKeys(written.dropIns, wanted.dropIns)
  if (dropIns.length > 0) return { cause: 'drop-in', because: dropIns }
  if (before.policy !== now.policy) return { cause: 'configured-policy', because: [] }
  const policyFiles = changedKeys(before.policyFiles, now.policyFiles)
  if (policyFiles.length > 0) return { cause: 'policy-file', because: policyFiles }
  return { cause: 'package', because: [] }
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
): Pick<Drift, 'kind' | 'line' | 'expected' | 'found'> {
  if (!found) return { kind: 'missing' }
  if (!expected) return { kind: 'unexpected' }
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

function parseRecord(text: string | undefined): ConfigurationRecord | undefined {
  try {
    const record = text === undefined ? undefined : (JSON.parse(text) as ConfigurationRecord)
    return record?.files ? record : undefined
  } catch {
    return undefined
  }
}

/** Compiles a policy into the files of a host: one a back-end, the dump and the name. */
import { accessSync, constants, statSync } from 'node:fs'
import { BACKENDS } from '../backends/all-backends.ts'
import type { Backend } from '../backends/backend.ts'
import { gnutls } from '../backends/gnutls.ts'
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts'
import type { Source } from '../diagnostics/source.ts'
import { readTextFile } from '../files/text-file.ts'
import { dumpPolicy } from '../policy/dump.ts'
import { appendStrings } from './appended-strings.ts'
import type { ApplicationFiles } from './application-files.ts'
import type { ConfigurationRecord, FileRecord } from './configuration-record.ts'
import { type Directories, localFolder, prebuiltFile } from './directories.ts'
import { readDropIns } from './drop-ins.ts'
import type { GeneratedFile, GeneratedFiles } from './generated-files.ts'
import { unifyLineEnds } from './line-ends.ts'
import type { LoadedPolicy } from './policy-files.ts'
import { formatSelection, type PolicySelection } from './policy-selection.ts'
import { SYSTEM_KINDS } from './system-diagnostics.ts'
import { readContent } from './visible-files.ts'

export type Configuration = {
  readonly files: GeneratedFiles
  /** Warnings about drop-ins. */
  readonly diagnostics: readonly Diagnostic[]
  readonly record: ConfigurationRecord
  /** Back-ends with drop-ins, by name: the policy's text, and what was appended to it. */
  readonly extended: ReadonlyMap<string, ExtendedBackend>
}

type ExtendedBackend = {
  readonly policy: Source
  readonly dropIns: readonly Source[]
}

export type CompileOptions = {
  /** Link to a pre-built output where there is one and no drop-in. */
  readonly usePrebuilt: boolean
  /** What application policies give; undefined where there are none. */
  readonly applications?: ApplicationFiles | undefined
}

/** The path of a back-end's file below the base directory. */
export function backendPath(backend: Pick<Backend, 'name'>): string {
  return `back-ends/${backend.name}.config`
}

/**
 * Compiles everything; writes nothing.
 *
 * @throws DiagnosticError where a drop-in cannot be read or cannot be meant.
 */
export function compileConfiguration(
  selection: PolicySelection,
  loaded: LoadedPolicy,
  directories: Directories,
  options: CompileOptions,
): Configuration {
  const { applications } = options
  const name = formatSelection(selection)
  const files = new Map<string, GeneratedFile>()
  const records: Record<string, FileRecord> = {}
  const diagnostics: Diagnostic[] = []
  const add = (path: string, file: GeneratedFile, dropIns: readonly Source[] = []) => {
    files.set(path, file)
    records[path] = recordFile(file, dropIns)
  }
  const extended = new Map<string, ExtendedBackend>()
  for (const backend of BACKENDS) {
    const { sources: dropIns, diagnostics: found } = readDropIns(
      localFolder(directories),
      backend.name,
    )
    diagnostics.push(...found)
    const ofApplications = backend === gnutls ? (applications?.gnutlsLines ?? '') : ''
    const text = appendStrings(policyText(backend, selection, loaded, directories), ofApplications)
    if (dropIns.length === 0) {
      const mayLink = options.usePrebuilt && ofApplications === ''
      const prebuilt = mayLink && findPrebuilt(directories, name, backend)
      add(backendPath(backend), prebuilt ? { link: prebuilt } : textFile(text))
      if (prebuilt) diagnostics.push(...comparePrebuilt(prebuilt, text))
      continue
    }
    extended.set(backend.name, { policy: { name: backendPath(backend), text }, dropIns })
    add(backendPath(backend), textFile(appendTexts(text, dropIns)), dropIns)
  }
  for (const [path, text] of applications?.files ?? []) add(path, textFile(text))
  add('state/current', textFile(`${name}\n`))
  add('state/CURRENT.pol', textFile(dumpPolicy(loaded.policy)))
  const sources = [...loaded.sources, ...(applications?.sources ?? [])]
  return {
    files,
    diagnostics: [...diagnostics, ...(applications?.diagnostics ?? [])],
    record: { policy: name, policyFiles: recordSources(sources), files: records },
    extended,
  }
}

/** A file as a record holds it. */
export function recordContent(file: GeneratedFile): string {
  return 'link' in file ? file.link : file.content.toString('utf8')
}

function recordFile(file: GeneratedFile, dropIns: readonly Source[]): FileRecord {
  const record = { content: recordContent(file), dropIns: recordSources(dropIns) }
  if (!('link' in file)) return record
  return { ...record, linked: readContent(file.link)?.toString('utf8') ?? '' }
}

/** The pre-built output of a back-end, if programs could read it. */
function findPrebuilt(
  directories: Directories,
  policy: string,
  backend: Backend,
): string | undefined {
  const path = prebuiltFile(directories, policy, backend.name)
  return isReadable(path) ? path : undefined
}

/** The link is made all the same: the package that ships the output may know better. */
function comparePrebuilt(path: string, text: string): readonly Diagnostic[] {
  const isSame = readContent(path)?.toString('utf8') === text
  return isSame ? [] : [diagnose(SYSTEM_KINDS.prebuiltDiffers, { path })]
}

/** What the policy gives a back-end. */
export function policyText(
  backend: Backend,
  selection: PolicySelection,
  loaded: LoadedPolicy,
  directories: Directories,
): string {
  const prebuilt = prebuiltFile(directories, formatSelection(selection), backend.name)
  return handMadeText(selection, loaded, prebuilt) ?? backend.generate(loaded.policy)
}

function appendTexts(text: string, sources: readonly Source[]): string {
  return [text, ...sources.map((source) => source.text)].join('')
}

/** A policy file without a directive stands for back-end files that were made by hand. */
function handMadeText(
  selection: PolicySelection,
  loaded: LoadedPolicy,
  prebuilt: string,
): string | undefined {
  const isEmpty = loaded.policy.directives.length === 0 && selection.modules.length === 0
  return isEmpty && isReadable(prebuilt) ? unifyLineEnds(readTextFile(prebuilt)).text : undefined
}

function textFile(text: string): GeneratedFile {
  return { content: Buffer.from(text, 'utf8') }
}

function recordSources(sources: readonly Source[]): Readonly<Record<string, string>> {
  return Object.fromEntries(sources.map(({ name, text }) => [name, text]))
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

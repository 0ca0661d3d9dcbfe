/** Lets the programs of this host read what is about to be put in force, and says what they make of it. */
import { findBackend } from '../backends/all-backends.ts'
import { type Diagnostic, diagnose, moderate } from '../diagnostics/diagnostic.ts'
import type { Source, Span } from '../diagnostics/source.ts'
import { backendPath } from './configuration.ts'
import { findConsumer } from './consumers/all-consumers.ts'
import type { Directories } from './directories.ts'
import type { PreparedPolicy } from './prepared-policy.ts'
import { findReaders } from './readers.ts'
import { findRemedy } from './remedy.ts'
import { SYSTEM_KINDS } from './system-diagnostics.ts'
import {
  type SkippedCheck,
  type VerifyProblem,
  verifyConfigs,
  type WrittenConfig,
} from './verify.ts'
import { readContent } from './visible-files.ts'

/**
 * One finding for each line at which a program stops, an error where the program is set up to read
 * it; one for each setting that a program ignores, and one for all values that it ignores.
 *
 * Where nothing leads a program to this base folder, it is asked only what it would stop at: about
 * drop-ins, and in short if it is for an application, or if without it an administrator is locked out.
 */
export async function checkHost(
  prepared: PreparedPolicy,
  { base }: Directories,
): Promise<readonly Diagnostic[]> {
  const texts = collectTexts(prepared)
  const read = new Set([...texts.keys()].filter(findReaders(base)))
  const asked = [...texts].filter(
    ([backend, sources]) =>
      read.has(backend) || sources.length > 1 || locksOut(backend) || isOfApplication(backend),
  )
  const configs = asked.map(([backend, sources]): WrittenConfig => {
    const text = sources.map((source) => source.text).join('')
    const depth = read.has(backend) ? 'all' : sources.length > 1 ? 'stops' : 'first-stop'
    return { policy: prepared.policy.name, backend, text, depth }
  })
  const { problems, skipped } = await verifyConfigs(configs, false)
  const found = [...groupProblems(problems).values()].map((group) => {
    const [{ backend }] = group
    return diagnoseGroup(group, texts.get(backend) ?? [], prepared, read.has(backend))
  })
  return [...found, ...skipped.flatMap(warnOfUnanswered)]
}

/** A file that no program checked may be as wrong as one that a program refused. */
function warnOfUnanswered({ backend, reason, unanswered }: SkippedCheck): readonly Diagnostic[] {
  const path = backendPath({ name: backend })
  return unanswered === null ? [] : [diagnose(SYSTEM_KINDS.consumerSilent, { path, reason })]
}

function locksOut(backend: string): boolean {
  return findConsumer(backend)?.locksOut === true
}

/** An administrator asked for it, and may lead the program to it in a way that is not known here. */
function isOfApplication(backend: string): boolean {
  return backend.startsWith('applications/')
}

/** The text of each back-end, in the parts that it was put together from. */
function collectTexts({ configuration }: PreparedPolicy): ReadonlyMap<string, readonly Source[]> {
  const texts = new Map<string, readonly Source[]>()
  for (const [path, file] of configuration.files) {
    const name = /^back-ends\/(.*)\.config$/.exec(path)?.[1]
    if (name === undefined) continue
    const extended = configuration.extended.get(name)
    const content = 'link' in file ? readContent(file.link) : file.content
    const whole = { name: path, text: content?.toString('utf8') ?? '' }
    texts.set(name, extended ? [extended.policy, ...extended.dropIns] : [whole])
  }
  return texts
}

type Group = readonly [VerifyProblem, ...VerifyProblem[]]

function groupProblems(problems: readonly VerifyProblem[]): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>()
  for (const problem of problems) {
    const key = JSON.stringify([problem.backend, ...groupKey(problem)])
    const group = groups.get(key)
    groups.set(key, group ? [...group, problem] : [problem])
  }
  return groups
}

function groupKey(problem: VerifyProblem): readonly unknown[] {
  const { effect, line } = problem
  if (effect === 'ignores-value') return [effect]
  return [effect, line, 'complaint' in problem ? problem.complaint : problem.unknown.setting]
}

function diagnoseGroup(
  group: Group,
  sources: readonly Source[],
  prepared: PreparedPolicy,
  isRead: boolean,
): Diagnostic {
  const { backend, program, version, effect, line } = group[0]
  const span = line === undefined ? undefined : spanOfLine(sources, line)
  const isDropIn = span !== undefined && span.source !== sources[0]
  const who = `${program} ${version}`.trim()
  const path = placeOf(backendPath({ name: backend }), isDropIn ? undefined : line)
  const what = describe(group)
  if (effect !== 'stops' && effect !== 'ignores-file') {
    const data = { who, path, what, effect }
    return diagnose(SYSTEM_KINDS.consumerIgnores, data, isDropIn ? span : undefined)
  }
  const remedy = isDropIn || !isRead ? undefined : remedyFor(prepared, group)
  const failure = findConsumer(backend)?.failure ?? 'fails'
  // Some programs do not tell the line.
  const mayBeDropIn = line === undefined && sources.length > 1
  const data = { who, path, what, failure, isRead, isDropIn, mayBeDropIn, remedy }
  // The line of a policy is shown where it matters.
  const shown = isRead || isDropIn ? span : undefined
  const found = diagnose(SYSTEM_KINDS.consumerStops, data, shown)
  return isRead ? found : moderate(found)
}

function placeOf(path: string, line: number | undefined): string {
  return line === undefined ? path : `${path}, line ${line}`
}

function remedyFor(prepared: PreparedPolicy, group: Group): readonly string[] | undefined {
  const backend = findBackend(group[0].backend)
  const values = group.flatMap((problem) =>
    'unknown' in problem && problem.unknown.value !== null ? [problem.unknown.value] : [],
  )
  if (!backend || values.length < group.length) return undefined
  return findRemedy(prepared.policy, backend, values)
}

/** `it does not know KexAlgorithms mlkem768x25519-sha256, sntrup761x25519-sha512`. */
function describe(group: Group): string {
  const parts = new Map<string, string[]>()
  const complaints: string[] = []
  for (const problem of group) {
    if ('complaint' in problem) complaints.push(problem.complaint)
    else {
      const { setting, value } = problem.unknown
      parts.set(setting, [...(parts.get(setting) ?? []), ...(value === null ? [] : [value])])
    }
  }
  const unknown = [...parts].map(([setting, values]) => `${setting} ${values.join(', ')}`.trim())
  const known = unknown.length > 0 ? [`it does not know ${unknown.join('; ')}`] : []
  return [...known, ...complaints].join('; ')
}

/** The place of a line of the whole text, in the part that it is from. */
function spanOfLine(sources: readonly Source[], line: number): Span | undefined {
  const whole = sources.map((source) => source.text).join('')
  let start = 0
  for (let at = 1; at < line; at++) start = whole.indexOf('\n', start) + 1 || whole.length
  for (const source of sources) {
    if (start < source.text.length) {
      const end = source.text.indexOf('\n', start)
      return { source, start, end: end < 0 ? source.text.length : end }
    }
    start -= source.text.length
  }
  return undefined
}

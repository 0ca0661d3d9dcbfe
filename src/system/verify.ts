/** Lets the programs that are installed read what was written, and says what they do not know. */

import { backendKind, findConsumer } from './consumers/all-consumers.ts'
import {
  askProgram,
  type CheckDepth,
  type Consumer,
  type ConsumerFinding,
  ConsumerUnusable,
  findProgram,
  withWorkbench,
} from './consumers/consumer.ts'

/** A configuration to verify: the text that a back-end gave for some policies. */
export type WrittenConfig = {
  readonly policy: string
  readonly backend: string
  readonly text: string
  /** All of it by default. */
  readonly depth?: CheckDepth
}

/** Something that an installed program does not understand. */
export type VerifyProblem = {
  readonly backend: string
  readonly program: string
  readonly version: string
  /** The policies whose files have it. */
  readonly policies: readonly string[]
} & ConsumerFinding

export type SkippedCheck = {
  readonly backend: string
  readonly reason: string
  /** The program that is there and gave no answer; null where there is none to ask. */
  readonly unanswered: string | null
}

export type Verification = {
  readonly problems: readonly VerifyProblem[]
  readonly checked: readonly {
    readonly backend: string
    readonly program: string
    readonly version: string
  }[]
  readonly skipped: readonly SkippedCheck[]
}

/**
 * Verifies every configuration whose consumer is installed.
 *
 * @param asksVersions Also those of programs that have nothing to say against it.
 */
export async function verifyConfigs(
  configs: readonly WrittenConfig[],
  asksVersions = true,
): Promise<Verification> {
  const kinds = Map.groupBy(configs, ({ backend }) => backendKind(backend))
  const results = (
    await Promise.all([...kinds.values()].map((some) => verifyKind(some, asksVersions)))
  ).flat()
  return {
    problems: results.flatMap((result) => result.problems),
    checked: results.flatMap((result) => result.checked),
    skipped: results.flatMap((result) => result.skipped),
  }
}

/** Of many applications that have one program, each is asked about where it does not take all together. */
async function verifyKind(
  configs: readonly WrittenConfig[],
  asksVersions: boolean,
): Promise<readonly Verification[]> {
  const backends = Map.groupBy(configs, ({ backend }) => backend)
  const names = [...backends.keys()]
  const together = backends.size > 1 ? await acceptTogether(names, configs, asksVersions) : []
  if (together.length > 0) return together
  return Promise.all(
    [...backends].map(([backend, some]) => verifyBackend(backend, some, asksVersions)),
  )
}

/** What is said of back-ends whose texts a program takes in one run; nothing where each has to be asked about. */
async function acceptTogether(
  backends: readonly string[],
  configs: readonly WrittenConfig[],
  asksVersions: boolean,
): Promise<readonly Verification[]> {
  const consumer = findConsumer(configs[0]?.backend ?? '')
  const path = consumer && findPath(consumer)
  const acceptsAll = consumer?.acceptsAll
  if (!acceptsAll || path === undefined) return []
  const texts = [...new Set(configs.map(({ text }) => text))]
  try {
    const isAccepted = await withWorkbench(path, (workbench) => acceptsAll(workbench, texts))
    if (!isAccepted) return []
    const version = asksVersions ? await readVersion(consumer, path) : ''
    const checked = backends.map((backend) => ({ backend, program: consumer.program, version }))
    return [{ problems: [], checked, skipped: [] }]
  } catch (error) {
    if (error instanceof ConsumerUnusable) return []
    throw error
  }
}

async function verifyBackend(
  backend: string,
  configs: readonly WrittenConfig[],
  asksVersions: boolean,
): Promise<Verification> {
  const consumer = findConsumer(backend)
  if (!consumer) return skip(backend, 'no program is known that checks it')
  const path = findPath(consumer)
  if (path === undefined) return skip(backend, `${consumer.program} is not installed`)
  try {
    const found = await collectProblems(consumer, path, configs)
    // A short report does not name the version of the program, so it is not asked for.
    const isShort = configs.every(({ depth }) => depth === 'first-stop')
    const isNamed = asksVersions || (found.length > 0 && !isShort)
    const version = isNamed ? await readVersion(consumer, path) : ''
    const problems = found.map(({ policies, finding }) => ({
      ...{ backend, program: consumer.program, version, policies },
      ...finding,
    }))
    return { problems, checked: [{ backend, program: consumer.program, version }], skipped: [] }
  } catch (error) {
    if (!(error instanceof ConsumerUnusable)) throw error
    return skip(backend, `${consumer.program} ${error.message}`, consumer.program)
  }
}

function findPath({ find, program }: Consumer): string | undefined {
  return find ? find() : findProgram(program)
}

function skip(backend: string, reason: string, unanswered: string | null = null): Verification {
  return { problems: [], checked: [], skipped: [{ backend, reason, unanswered }] }
}

type FoundIn = { readonly finding: ConsumerFinding; readonly policies: readonly string[] }

/** Policies that give the same text are asked about once. */
async function collectProblems(
  consumer: Consumer,
  path: string,
  configs: readonly WrittenConfig[],
): Promise<readonly FoundIn[]> {
  const found = new Map<string, FoundIn>()
  const depth = configs.map((config) => config.depth).find((asked) => asked !== undefined) ?? 'all'
  for (const text of new Set(configs.map((config) => config.text))) {
    const findings = await withWorkbench(path, (workbench) =>
      consumer.check(workbench, text, depth),
    )
    const policies = configs.filter((config) => config.text === text).map((config) => config.policy)
    for (const finding of findings.map((each) => locateFinding(each, text))) {
      const key = JSON.stringify(finding)
      const known = found.get(key)?.policies ?? []
      found.set(key, { finding, policies: [...new Set([...known, ...policies])] })
    }
  }
  return [...found.values()]
}

/** Finds the line, where the program did not tell it. */
function locateFinding(finding: ConsumerFinding, text: string): ConsumerFinding {
  if (finding.line !== undefined || 'complaint' in finding) return finding
  const { setting, value } = finding.unknown
  const lines = text.split('\n')
  const isOfSetting = (line: string) => line.trim().split(/[\s=]+/, 1)[0] === setting
  const names = (line: string) => value === null || line.split(/[^\w.@-]+/).includes(value)
  const at = lines.findIndex((line) => isOfSetting(line) && names(line))
  return at < 0 ? finding : { ...finding, line: at + 1 }
}

async function readVersion(consumer: Consumer, path: string): Promise<string> {
  const { output } = await askProgram(path, consumer.versionArguments)
  return /\d+(?:\.\d+)+(?:p\d+)?/.exec(output)?.[0] ?? ''
}

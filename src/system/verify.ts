/** Lets the programs that are installed read what was written, and says what they do not know. */
import {
  type Consumer,
  ConsumerUnusable,
  findProgram,
  runProgram,
  type UnknownValue,
  type Verdict,
  withWorkbench,
} from './consumers/consumer.ts'
import { CONSUMERS } from './consumers/registry.ts'

/** A configuration to verify: the text that a back-end gave for some policies. */
export type WrittenConfig = {
  readonly policy: string
  readonly backend: string
  readonly text: string
}

/** Something that an installed program does not understand. */
export type VerifyProblem = {
  readonly backend: string
  readonly program: string
  readonly version: string
  /** The policies whose files have it. */
  readonly policies: readonly string[]
} & (
  | { readonly unknown: UnknownValue }
  /** In the program's own words. */
  | { readonly complaint: string }
)

export type SkippedCheck = { readonly backend: string; readonly reason: string }

export type Verification = {
  readonly problems: readonly VerifyProblem[]
  readonly checked: readonly {
    readonly backend: string
    readonly program: string
    readonly version: string
  }[]
  readonly skipped: readonly SkippedCheck[]
}

/** Verifies every configuration whose consumer is installed. */
export async function verifyConfigs(configs: readonly WrittenConfig[]): Promise<Verification> {
  const backends = [...new Set(configs.map((config) => config.backend))]
  const results = await Promise.all(
    backends.map((backend) =>
      verifyBackend(
        backend,
        configs.filter((c) => c.backend === backend),
      ),
    ),
  )
  return {
    problems: results.flatMap((result) => result.problems),
    checked: results.flatMap((result) => result.checked),
    skipped: results.flatMap((result) => result.skipped),
  }
}

async function verifyBackend(
  backend: string,
  configs: readonly WrittenConfig[],
): Promise<Verification> {
  const consumer = CONSUMERS.find((candidate) => candidate.backend === backend)
  if (!consumer) return skip(backend, 'no program is known that checks it')
  const path = findProgram(consumer.program)
  if (path === undefined) return skip(backend, `${consumer.program} is not installed`)
  try {
    const version = await readVersion(consumer, path)
    const problems = await collectProblems(consumer, path, version, configs)
    return { problems, checked: [{ backend, program: consumer.program, version }], skipped: [] }
  } catch (error) {
    if (!(error instanceof ConsumerUnusable)) throw error
    return skip(backend, `${consumer.program} does not work here: ${error.message}`)
  }
}

function skip(backend: string, reason: string): Verification {
  return { problems: [], checked: [], skipped: [{ backend, reason }] }
}

/** Policies that give the same text are asked about once. */
async function collectProblems(
  consumer: Consumer,
  path: string,
  version: string,
  configs: readonly WrittenConfig[],
): Promise<readonly VerifyProblem[]> {
  const found = new Map<string, { what: Found; policies: string[] }>()
  for (const text of new Set(configs.map((config) => config.text))) {
    const verdict = await withWorkbench(path, (workbench) => consumer.check(workbench, text))
    const policies = configs.filter((config) => config.text === text).map((config) => config.policy)
    for (const what of listFound(verdict)) {
      const key = JSON.stringify(what)
      found.set(key, { what, policies: [...(found.get(key)?.policies ?? []), ...policies] })
    }
  }
  const { backend, program } = consumer
  return [...found.values()].map(({ what, policies }) => ({
    ...{ backend, program, version, policies: [...new Set(policies)] },
    ...what,
  }))
}

type Found = { readonly unknown: UnknownValue } | { readonly complaint: string }

function listFound(verdict: Verdict): readonly Found[] {
  const unknown = verdict.unknown.map((value) => ({ unknown: value }))
  const complaints = verdict.complaints.map((complaint) => ({ complaint }))
  return [...unknown, ...complaints]
}

async function readVersion(consumer: Consumer, path: string): Promise<string> {
  const { output } = await runProgram(path, consumer.versionArguments)
  return /\d+(?:\.\d+)+(?:p\d+)?/.exec(output)?.[0] ?? ''
}

/**
 * Draws a sample of the changes, so that a folder is measured in minutes: Stryker asks a checker which
 * changes are worth a run. The sample is spread evenly over the files, and its seed shifts it. Changes
 * that the type check notices are no part of it.
 */
import { readFileSync } from 'node:fs'
import type { Checker, CheckResult, CheckStatus } from '@stryker-mutator/api/check'
import type { Mutant } from '@stryker-mutator/api/core'
import { declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin'
import { findMistyped } from './type-check.ts'

/** What the checker, in a process of its own, is told through the environment. */
export const SAMPLE_VARIABLE = 'MUTATION_SAMPLE'

export type Sample = {
  /** How many changes; all where it is missing. */
  readonly size?: number | undefined
  readonly seed: number
  /** Without changes of what is computed as a file is loaded. */
  readonly withoutStatic: boolean
  /** A report of Stryker, where only the changes are tried that no test noticed then. */
  readonly survivorsOf?: string | undefined
}

type Report = {
  readonly files: Readonly<Record<string, { readonly mutants: readonly ReportedMutant[] }>>
}

type ReportedMutant = Pick<Mutant, 'location' | 'mutatorName' | 'replacement'> & {
  readonly status: string
}

/** Stryker gives no value for its enumeration where types are only stripped. */
const PASSED: CheckResult = { status: 'passed' as CheckStatus.Passed }
const LEFT_OUT: CheckResult = {
  status: 'compileError' as CheckStatus.CompileError,
  reason: 'not in the sample',
}

class SampleChecker implements Checker {
  readonly #sample: Sample = JSON.parse(process.env[SAMPLE_VARIABLE] ?? '{}')
  #chosen: ReadonlySet<string> = new Set()

  init(): Promise<void> {
    return Promise.resolve()
  }

  /** Stryker shows all changes here, before it asks for any of them. */
  group(mutants: Mutant[]): Promise<string[][]> {
    this.#chosen = new Set(drawSample(mutants, this.#sample).map(({ id }) => id))
    return Promise.resolve([mutants.map(({ id }) => id)])
  }

  check(mutants: Mutant[]): Promise<Record<string, CheckResult>> {
    const result = (id: string): CheckResult => (this.#chosen.has(id) ? PASSED : LEFT_OUT)
    return Promise.resolve(Object.fromEntries(mutants.map(({ id }) => [id, result(id)])))
  }
}

function drawSample(mutants: readonly Mutant[], sample: Sample): readonly Mutant[] {
  if (sample.survivorsOf) return survivors(mutants, sample.survivorsOf)
  const inOrder = mutants.filter(isWanted(sample)).toSorted(comparePlaces)
  if (sample.size === undefined) return withoutMistyped(inOrder)
  // About a third does not compile.
  const candidates = takeEvenly(inOrder, sample.size * 2, sample.seed)
  return takeEvenly(withoutMistyped(candidates), sample.size, sample.seed)
}

/**
 * Stryker itself keeps a change of what a file computes both as it is loaded and later. It makes such a change when the
 * file is loaded already, and calls it unnoticed.
 */
function isWanted({ withoutStatic }: Sample): (mutant: Mutant & { static?: boolean }) => boolean {
  return (mutant) => !withoutStatic || mutant.static !== true
}

function withoutMistyped(mutants: readonly Mutant[]): readonly Mutant[] {
  const mistyped = findMistyped(mutants)
  return mutants.filter(({ id }) => !mistyped.has(id))
}

function takeEvenly(mutants: readonly Mutant[], size: number, seed: number): readonly Mutant[] {
  if (size >= mutants.length) return mutants
  const step = mutants.length / size
  // The golden ratio: neighbouring seeds give samples far from one another.
  const start = ((seed * 0.618_034) % 1) * step
  const indices = Array.from({ length: size }, (_, index) => Math.floor(start + index * step))
  return indices.flatMap((index) => mutants[index] ?? [])
}

function comparePlaces(a: Mutant, b: Mutant): number {
  return (
    a.fileName.localeCompare(b.fileName) ||
    a.location.start.line - b.location.start.line ||
    a.location.start.column - b.location.start.column ||
    Number(a.id) - Number(b.id)
  )
}

function survivors(mutants: readonly Mutant[], path: string): readonly Mutant[] {
  const report: Report = JSON.parse(readFileSync(path, 'utf8'))
  const unnoticed = new Set(
    Object.entries(report.files).flatMap(([file, { mutants }]) =>
      mutants
        .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
        .map((mutant) => mutantKey(file, mutant)),
    ),
  )
  return mutants.filter((mutant) =>
    unnoticed.has(mutantKey(relativeName(mutant.fileName), mutant, 1)),
  )
}

/** A report counts lines and columns from one, Stryker itself from zero. */
function mutantKey(file: string, mutant: Omit<ReportedMutant, 'status'>, shift = 0): string {
  const { start } = mutant.location
  const place = [start.line + shift, start.column + shift]
  return [file, ...place, mutant.mutatorName, mutant.replacement].join('\0')
}

function relativeName(file: string): string {
  return file.slice(file.lastIndexOf('/src/') + 1)
}

export const strykerPlugins = [
  declareFactoryPlugin(PluginKind.Checker, 'sample', () => new SampleChecker()),
]

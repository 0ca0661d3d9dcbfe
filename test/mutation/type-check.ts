/**
 * Which changes the type check notices: they are no tests' business. Each changed file stands beside its
 * original in a copy of the sources, so that one run of the compiler judges all of them.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Mutant } from '@stryker-mutator/api/core'

const ROOT = join(import.meta.dirname, '..', '..')

/** The identifiers of those that do not compile. */
export function findMistyped(mutants: readonly Mutant[]): ReadonlySet<string> {
  const folder = mkdtempSync(join(ROOT, 'coverage', 'types-'))
  try {
    cpSync(join(ROOT, 'src'), join(folder, 'src'), { recursive: true })
    for (const name of ['tsconfig.json', 'package.json'])
      cpSync(join(ROOT, name), join(folder, name))
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    for (const mutant of mutants) writeChanged(folder, mutant)
    return compile(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function writeChanged(folder: string, mutant: Mutant): void {
  const original = mutant.fileName.slice(mutant.fileName.lastIndexOf('/src/') + 1)
  const changed = original.replace(/\.ts$/, `.changed-${mutant.id}.ts`)
  writeFileSync(
    join(folder, changed),
    applyTo(readFileSync(join(folder, original), 'utf8'), mutant),
  )
}

function applyTo(text: string, { location, replacement }: Mutant): string {
  const lines = text.split('\n')
  const offset = ({ line, column }: { line: number; column: number }): number =>
    lines.slice(0, line).join('\n').length + (line > 0 ? 1 : 0) + column
  return text.slice(0, offset(location.start)) + replacement + text.slice(offset(location.end))
}

function compile(folder: string): ReadonlySet<string> {
  const compiler = resolve(ROOT, 'node_modules/typescript/bin/tsc')
  const args = [compiler, '--noEmit', '--pretty', 'false', '--project', folder]
  const { stdout } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1024 ** 3,
  })
  return new Set([...stdout.matchAll(/\.changed-(\w+)\.ts\(/g)].map(([, id = '']) => id))
}

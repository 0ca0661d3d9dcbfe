/** Reads the shipped policies, and others layered on them, for tests. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Source } from '../src/diagnostics/source.ts'
import { type ParsedPolicy, parsePolicy } from '../src/policy/policy.ts'

const FOLDER = join(import.meta.dirname, '..', 'policies')

/** The files of `POLICY:MODULE...`; `extra` maps paths below policies/ to texts that come first. */
export function policySources(
  name: string,
  extra: Readonly<Record<string, string>> = {},
): Source[] {
  return name.split(':').map((part, index) => {
    const path = index === 0 ? `${part}.pol` : `modules/${part}.pmod`
    return { name: path, text: extra[path] ?? readFileSync(join(FOLDER, path), 'utf8') }
  })
}

/** Parses `POLICY:MODULE...`. */
export function shippedPolicy(
  name: string,
  extra: Readonly<Record<string, string>> = {},
): ParsedPolicy {
  return parsePolicy(name, policySources(name, extra))
}

/** Whether a shipped policy of that name exists. */
export function isShipped(name: string): boolean {
  return existsSync(join(FOLDER, `${name}.pol`))
}

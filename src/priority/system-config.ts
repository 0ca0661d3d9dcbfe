/** GnuTLS's system configuration file: its entries, and where each stands. */
import type { Source } from '../diagnostics/source.ts'
import { toUpperAscii } from './ascii-case.ts'
import { type IniEntry, type IniFile, parseIniFile } from './ini-file.ts'

/** An entry with its place in the file. */
export type ConfigEntry = IniEntry

/**
 * A configuration file as written. What it means depends on the release: see `systemRules`.
 * Both formats are the same file: entries before any section are priority strings, as in
 * `[priorities]`.
 */
export type SystemConfig = IniFile

/** What a file that does not exist means. */
export const NO_CONFIG: SystemConfig = {
  source: { name: '<no configuration>', text: '' },
  entries: [],
  split: [],
}

/** Reads a configuration file; one that is malformed is kept, since GnuTLS goes on without it. */
export function parseSystemConfig(source: Source): SystemConfig {
  return parseIniFile(source)
}

/** Section names and most keys compare without regard to case. */
export function isNamed(actual: string, wanted: string): boolean {
  return actual.length === wanted.length && toUpperAscii(actual) === toUpperAscii(wanted)
}

/** The first word of a value: GnuTLS ignores what follows it. */
export function firstWord(entry: ConfigEntry): string {
  return /^[^ \t\n\v\f\r]*/.exec(entry.value)?.[0] ?? ''
}

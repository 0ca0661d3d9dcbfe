/** GnuTLS's system configuration file: its entries, and where each stands. */
import type { Source } from '../diagnostics/source.ts'
import { type IniEntry, type IniFile, parseIniFile } from './ini-file.ts'

/** An entry with its place in the file. */
export type ConfigEntry = IniEntry

/**
 * A configuration file as written. What it means depends on the release: see `systemRules`.
 * Both formats are the same file: entries before any section are priority strings, as in
 * `[priorities]`.
 */
export type SystemConfig = IniFile

/** What it means that there is no file. */
export const NO_CONFIG: SystemConfig = absentConfig('<no configuration>')

/** What a file that does not exist means; messages name it. */
export function absentConfig(name: string): SystemConfig {
  return { source: { name, text: '' }, entries: [], split: [], absent: true }
}

/** Reads a configuration file; one that is malformed is kept, since GnuTLS goes on without it. */
export function parseSystemConfig(source: Source): SystemConfig {
  return parseIniFile(source)
}

/** The first word of a value: GnuTLS ignores what follows it. */
export function firstWord(entry: ConfigEntry): string {
  return /^[^ \t\n\v\f\r]*/.exec(entry.value)?.[0] ?? ''
}

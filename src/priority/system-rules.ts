/** What a configuration file means to one release: its mode, its overrides, its named strings. */

import { memoizePairs } from '../cache/memoize.ts'
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts'
import { locate } from '../diagnostics/source.ts'
import { isSameName, toUpperAscii } from './ascii-case.ts'
import { CONFIG_KINDS } from './config-diagnostics.ts'
import {
  findOverrideRow,
  OVERRIDE_CLASSES,
  OVERRIDE_KEYS,
  type OverrideClass,
  type OverrideRows,
  type OverrideSetting,
  overrideNames,
  SETTINGS,
  type SettingName,
} from './override-keys.ts'
import { describeRelease, type GnutlsRelease, isAvailable } from './releases.ts'
import { type ConfigEntry, firstWord, type SystemConfig } from './system-config.ts'

type OverrideMode = 'allowlist' | 'blocklist'

/** An algorithm that the file names, and where. */
export type Override<Class extends OverrideClass = OverrideClass> = {
  readonly row: OverrideRows[Class]
  readonly entry: ConfigEntry
}

type Overrides = { readonly [Class in OverrideClass]: readonly Override<Class>[] }

/** The value of a setting, as the table of settings spells it, and where it stands. */
export type SettingValue = { readonly value: string; readonly entry: ConfigEntry }

/** A configuration file as one release understands it. */
export type SystemRules = {
  readonly release: GnutlsRelease
  readonly mode: OverrideMode
  readonly overrides: Overrides
  /** Priority strings by name, in this case only. */
  readonly priorities: ReadonlyMap<string, ConfigEntry>
  /** The effective entries of each setting: one, unless the key repeats. */
  readonly settings: ReadonlyMap<SettingName, readonly SettingValue[]>
  /** Every entry without effect, and why. The first error means that the whole file has none. */
  readonly ignored: readonly Diagnostic[]
  /**
   * Whether GnuTLS would end the process if GNUTLS_SYSTEM_PRIORITY_FAIL_ON_INVALID=1 were set in
   * its environment.
   */
  readonly refusedWhenStrict: boolean
}

/** How many ciphers, MACs, groups and key exchanges GnuTLS holds. */
const MAX_OVERRIDES = 128

const SECTIONS = ['global', 'overrides', 'priorities', 'provider']

/** Reads a configuration as a release does. A malformed file means no rules at all. */
export const systemRules = memoizePairs(
  (config: SystemConfig, release: GnutlsRelease): SystemRules =>
    new RuleReader(config, release).read(),
)

/** The value of a setting that does not repeat. */
export function settingOf(rules: SystemRules, name: SettingName): SettingValue | undefined {
  return rules.settings.get(name)?.at(-1)
}

type MutableOverrides = { [Class in OverrideClass]: Override<Class>[] }

class RuleReader {
  readonly #config: SystemConfig
  readonly #release: GnutlsRelease
  readonly #overrides = Object.fromEntries(
    OVERRIDE_CLASSES.map((name) => [name, []]),
  ) as unknown as MutableOverrides
  readonly #priorities = new Map<string, ConfigEntry>()
  readonly #settings = new Map<SettingName, SettingValue[]>()
  readonly #ignored: Diagnostic[] = []
  #refused = false
  #mode: OverrideMode = 'blocklist'

  constructor(config: SystemConfig, release: GnutlsRelease) {
    this.#config = config
    this.#release = release
  }

  read(): SystemRules {
    const { malformed, split, entries } = this.#config
    for (const span of split) this.#ignored.push(diagnose(CONFIG_KINDS.longLine, LIMIT, span))
    if (malformed) this.#ignored.push(diagnose(CONFIG_KINDS.malformed, {}, malformed))
    else this.#readEntries(entries)
    const [release, mode, overrides, priorities, settings, ignored] = [
      this.#release,
      this.#mode,
      this.#overrides,
      this.#priorities,
      this.#settings,
      this.#ignored,
    ]
    const refusedWhenStrict = this.#refused || malformed !== undefined
    return { release, mode, overrides, priorities, settings, ignored, refusedWhenStrict }
  }

  /** The mode decides how the rest is read, so GnuTLS reads `[global]` first. */
  #readEntries(entries: readonly ConfigEntry[]): void {
    for (const entry of entries) if (isSameName(entry.section, 'global')) this.#readSetting(entry)
    this.#mode = isAllowlist(this.#settings) ? 'allowlist' : 'blocklist'
    for (const entry of entries) this.#readEntry(entry)
  }

  #readEntry(entry: ConfigEntry): void {
    const section = toUpperAscii(entry.section)
    if (section === '' || section === 'PRIORITIES') this.#readPriority(entry)
    else if (section === 'OVERRIDES') this.#readOverride(entry)
    else if (section === 'PROVIDER' && this.#hasProvider()) this.#readSetting(entry)
    else if (section !== 'GLOBAL') {
      const data = { section: entry.section, sections: SECTIONS }
      this.#refuse(diagnose(CONFIG_KINDS.unknownSection, data, entry.line))
    }
  }

  #hasProvider(): boolean {
    return SETTINGS.some((row) => row.section === 'provider' && isAvailable(row, this.#release))
  }

  #readPriority(entry: ConfigEntry): void {
    const first = this.#priorities.get(entry.key)
    if (!first) {
      this.#priorities.set(entry.key, entry)
      return
    }
    const { line } = locate(first.span.source, first.span.start)
    const data = { key: entry.key, line }
    this.#ignored.push(diagnose(CONFIG_KINDS.shadowed, data, entry.line))
  }

  #readOverride(entry: ConfigEntry): void {
    const other = this.#mode === 'allowlist' ? 'blocklist' : 'allowlist'
    const named = findOverrideClass(entry, this.#mode)
    const misplaced = findOverrideClass(entry, other)
    if (named) this.#addOverride(named, entry)
    else if (misplaced) this.#refuseMode(entry, OVERRIDE_KEYS[misplaced][this.#mode])
    else this.#readSetting(entry)
  }

  #refuseMode(entry: ConfigEntry, counterpart: string): void {
    const data = { key: entry.key, mode: this.#mode, counterpart }
    this.#refuse(diagnose(CONFIG_KINDS.wrongMode, data, entry.line))
  }

  #addOverride<Class extends OverrideClass>(name: Class, entry: ConfigEntry): void {
    const row = findOverrideRow(name, firstWord(entry), this.#release)
    const list: Override<Class>[] = this.#overrides[name]
    if (!row) this.#refuseValue(entry, firstWord(entry), overrideNames(name, this.#release))
    else if (isLimited(name) && list.length >= MAX_OVERRIDES) {
      const data = { key: entry.key, limit: MAX_OVERRIDES }
      this.#refuse(diagnose(CONFIG_KINDS.tooMany, data, entry.line))
    } else list.push({ row, entry })
  }

  #readSetting(entry: ConfigEntry): void {
    const settings = SETTINGS.filter(
      (row) => isSameName(entry.section, row.section) && isAvailable(row, this.#release),
    )
    const setting = settings.find((row) => isSameName(entry.key, row.name))
    if (setting) this.#addSetting(setting, entry)
    else this.#refuseKey(entry, settings)
  }

  #addSetting(setting: OverrideSetting, entry: ConfigEntry): void {
    const value = setting.whole ? entry.value : firstWord(entry)
    const later = setting.laterValues?.filter((row) => isAvailable(row, this.#release)) ?? []
    const values = setting.values && [...setting.values, ...later.map((row) => row.name)]
    const known = values ? values.find((name) => isSameName(name, value)) : value
    if (!known) this.#refuseValue(entry, value, values ?? [])
    const others = setting.repeats ? (this.#settings.get(setting.name) ?? []) : []
    // An empty string unsets what an earlier entry set; any other unknown value changes nothing.
    if (known) this.#settings.set(setting.name, [...others, { value: known, entry }])
    else if (!values) this.#settings.delete(setting.name)
  }

  #refuseKey(entry: ConfigEntry, settings: readonly OverrideSetting[]): void {
    const pairs = OVERRIDE_CLASSES.map((name) => OVERRIDE_KEYS[name][this.#mode])
    const names = settings.map((row) => row.name)
    const data = {
      key: entry.key,
      section: entry.section,
      release: describeRelease(this.#release),
      keys: isSameName(entry.section, 'overrides') ? [...names, ...pairs] : names,
    }
    this.#refuse(diagnose(CONFIG_KINDS.unknownKey, data, entry.line))
  }

  #refuseValue(entry: ConfigEntry, value: string, values: readonly string[]): void {
    const data = { key: entry.key, value, release: describeRelease(this.#release), values }
    this.#refuse(diagnose(CONFIG_KINDS.unknownValue, data, entry.span))
  }

  #refuse(diagnostic: Diagnostic): void {
    this.#ignored.push(diagnostic)
    this.#refused = true
  }
}

const LIMIT = { limit: 2047 }

function isAllowlist(settings: ReadonlyMap<SettingName, readonly SettingValue[]>): boolean {
  return settings.get('override-mode')?.at(-1)?.value === 'allowlist'
}

function findOverrideClass(entry: ConfigEntry, mode: OverrideMode): OverrideClass | undefined {
  return OVERRIDE_CLASSES.find((name) => isSameName(entry.key, OVERRIDE_KEYS[name][mode]))
}

function isLimited(name: OverrideClass): boolean {
  return name === 'ciphers' || name === 'macs' || name === 'groups' || name === 'keyExchanges'
}

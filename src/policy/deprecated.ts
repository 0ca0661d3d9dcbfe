/** Deprecated properties and values, and what replaces each. */

import { namesOf } from '../algorithms/algorithm-class.ts'
import { versionsOf } from '../algorithms/protocol.ts'
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts'
import type { PolicySyntax } from './parser.ts'
import { POLICY_KINDS } from './policy-diagnostics.ts'
import { type PolicyWord, printStatement, type Statement, spanOf } from './syntax.ts'

/**
 * Properties renamed into a scope of another. Their directives count as if they stood at the end
 * of their file, in the order of this table: so did they when they were introduced.
 */
const MOVED_PROPERTIES = {
  tls_cipher: { property: 'cipher', scope: 'TLS' },
  ssh_cipher: { property: 'cipher', scope: 'SSH' },
  ssh_group: { property: 'group', scope: 'SSH' },
  ike_protocol: { property: 'protocol', scope: 'IKE' },
} as const

type Rewritten = { readonly property: string; readonly scope?: string; readonly values: string }

/** Switches whose 0 and 1 became directives of other properties. */
const SWITCHES: Readonly<Record<string, Readonly<Record<string, readonly Rewritten[]>>>> = {
  sha1_in_dnssec: {
    '0': [
      { property: 'hash', scope: 'DNSSec', values: '-SHA1' },
      { property: 'sign', scope: 'DNSSec', values: '-RSA-SHA1 -ECDSA-SHA1' },
    ],
    '1': [
      { property: 'hash', scope: 'DNSSec', values: 'SHA1+' },
      { property: 'sign', scope: 'DNSSec', values: 'RSA-SHA1+ ECDSA-SHA1+' },
    ],
  },
  ssh_etm: {
    '0': [{ property: 'etm', scope: 'SSH', values: 'DISABLE_ETM' }],
    '1': [{ property: 'etm', scope: 'SSH', values: 'ANY' }],
  },
}

/** The switch that may also carry a scope of its own, which its replacement keeps. */
const SCOPED_SWITCH = 'ssh_etm'

/** Lower bounds on versions: each omits the versions below it. Discouraged, not deprecated. */
const LOWER_BOUNDS: Readonly<Record<string, 'tls' | 'dtls'>> = {
  min_tls_version: 'tls',
  min_dtls_version: 'dtls',
}

/** Renamed algorithms. A wildcard that spells the old name means the new one too. */
const RENAMED_VALUES: readonly (readonly [old: string, replacement: string])[] = [
  ['X25519-MLKEM768', 'MLKEM768-X25519'],
]

/** Every property that is understood but no longer to be written. */
export const FORMER_PROPERTIES: readonly string[] = [
  ...Object.keys(MOVED_PROPERTIES),
  ...Object.keys(SWITCHES),
  ...Object.keys(LOWER_BOUNDS),
]

/** Whether a statement counts as if it stood at the end of its file. */
export function countsAtEnd(statement: Statement): boolean {
  return !statement.scope && Object.hasOwn(MOVED_PROPERTIES, statement.property.text)
}

/** Whether a statement is a lower bound on versions. */
export function isLowerBound(statement: Statement): boolean {
  return !statement.scope && Object.hasOwn(LOWER_BOUNDS, statement.property.text)
}

/** Puts what they mean in place of deprecated statements, with a warning for each. */
export function modernize(
  { statements, quietAtEnd }: Pick<PolicySyntax, 'statements' | 'quietAtEnd'>,
  diagnostics: Diagnostic[],
): readonly Statement[] {
  const inPlace: Statement[] = []
  const moved = new Map<string, Statement[]>(Object.keys(MOVED_PROPERTIES).map((key) => [key, []]))
  for (const statement of statements) {
    const renamed = renameValues(statement, diagnostics)
    const name = statement.scope ? '' : statement.property.text
    const target = moved.get(name)
    if (target)
      target.push(replaceMoved(renamed, name as keyof typeof MOVED_PROPERTIES, diagnostics))
    else inPlace.push(...replaceInPlace(renamed, diagnostics))
  }
  const atEnd = [...moved.values()].flat()
  return [...inPlace, ...atEnd.map((statement) => ({ ...statement, quiet: quietAtEnd }))]
}

function replaceMoved(
  statement: Statement,
  name: keyof typeof MOVED_PROPERTIES,
  diagnostics: Diagnostic[],
): Statement {
  const { property, scope } = MOVED_PROPERTIES[name]
  const replacement = `${property}@${scope}`
  const data = { old: name, replacement, exact: false }
  diagnostics.push(
    diagnose(POLICY_KINDS.deprecatedProperty, data, spanOf(statement, statement.property)),
  )
  return {
    ...statement,
    property: { ...statement.property, text: property },
    scope: { ...statement.property, text: scope },
    replaces: statement,
  }
}

function replaceInPlace(statement: Statement, diagnostics: Diagnostic[]): readonly Statement[] {
  const name = statement.property.text
  if (name === 'protocol' && !statement.scope) warnUnscopedProtocol(statement, diagnostics)
  if (Object.hasOwn(LOWER_BOUNDS, name)) return replaceLowerBound(statement)
  const rewritten = findSwitch(statement)
  if (!rewritten) return [statement]
  const replacements = rewritten.map((form) => rewrite(statement, form))
  const replacement = replacements.map(printStatement).join(' and ')
  const data = { old: printStatement(statement), replacement, exact: true }
  diagnostics.push(diagnose(POLICY_KINDS.deprecatedProperty, data, spanOf(statement)))
  return replacements
}

function findSwitch(statement: Statement): readonly Rewritten[] | undefined {
  const name = statement.property.text
  if (!Object.hasOwn(SWITCHES, name) || statement.values.length !== 1) return undefined
  if (statement.scope && name !== SCOPED_SWITCH) return undefined
  const forms = SWITCHES[name]?.[statement.values[0]?.text ?? '']
  const scope = statement.scope?.text
  return scope === undefined ? forms : forms?.map((form) => ({ ...form, scope }))
}

/** A bound at the lowest version, or 0, means nothing. */
function replaceLowerBound(statement: Statement): readonly Statement[] {
  const family = LOWER_BOUNDS[statement.property.text]
  const bound = statement.values[0]?.text
  if (!family || statement.scope || statement.values.length !== 1) return [statement]
  if (bound === '0') return []
  const versions: readonly string[] = versionsOf(family, namesOf('protocol'))
  const below = versions.slice(versions.indexOf(bound ?? '') + 1).reverse()
  if (!versions.includes(bound ?? '')) return [statement]
  if (below.length === 0) return []
  const values = below.map((version) => `-${version}`).join(' ')
  return [rewrite(statement, { property: 'protocol', scope: 'TLS', values })]
}

function warnUnscopedProtocol(statement: Statement, diagnostics: Diagnostic[]): void {
  const data = { old: 'protocol', replacement: 'protocol@TLS', exact: true }
  diagnostics.push(
    diagnose(POLICY_KINDS.deprecatedProperty, data, spanOf(statement, statement.property)),
  )
}

/** A statement of other words; each stands where the original value stood. */
function rewrite(statement: Statement, form: Rewritten): Statement {
  const place = statement.values[0] ?? statement.property
  return {
    ...statement,
    property: { ...statement.property, text: form.property },
    scope: form.scope === undefined ? undefined : { ...statement.property, text: form.scope },
    values: form.values.split(' ').map((text) => ({ ...place, text })),
    replaces: statement,
  }
}

function renameValues(statement: Statement, diagnostics: Diagnostic[]): Statement {
  let changed = false
  const values = statement.values.map((word) => {
    const text = renameValue(word.text)
    if (text === word.text) return word
    changed = true
    const data = { old: word.text, replacement: text }
    diagnostics.push(diagnose(POLICY_KINDS.deprecatedValue, data, spanOf(statement, word)))
    return { ...word, text } satisfies PolicyWord
  })
  return changed ? { ...statement, values, replaces: statement } : statement
}

function renameValue(text: string): string {
  let renamed = text
  for (const [old, replacement] of RENAMED_VALUES) {
    if (!renamed.includes(old)) continue
    renamed = renamed.replace(
      new RegExp(`(?<![\\p{L}\\p{N}_])${old}(?![\\p{L}\\p{N}_])`, 'gu'),
      replacement,
    )
  }
  return renamed
}

/** Scopes: which back-ends a directive speaks to (`@tls`, `@{a,b}`, `@!x`, `@nss-*`). */
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts'
import { POLICY_KINDS } from './policy-diagnostics.ts'
import { matchGlob } from './posix-glob.ts'
import { type PolicyWord, type Statement, spanOf } from './syntax.ts'

/** Every scope, named so that a misspelt one is an error rather than silence. */
export const SCOPES = [
  'tls',
  'ssl',
  'openssl',
  'gnutls',
  'java-tls',
  'nss',
  'nss-tls',
  'pkcs12',
  'pkcs12-import',
  'nss-pkcs12',
  'nss-pkcs12-import',
  'smime',
  'smime-import',
  'nss-smime',
  'nss-smime-import',
  'ssh',
  'openssh',
  'openssh-server',
  'openssh-client',
  'libssh',
  'ipsec',
  'ike',
  'libreswan',
  'kerberos',
  'krb5',
  'dnssec',
  'bind',
  'sequoia',
  'rpm',
  'rpm-sequoia',
] as const

export type Scope = (typeof SCOPES)[number]
export type ScopeSet = ReadonlySet<Scope>

function scopeSet(...scopes: readonly Scope[]): ScopeSet {
  return new Set(scopes)
}

/** The set of scopes under which the policy for everything else is evaluated. */
export const NO_SCOPES: ScopeSet = scopeSet()

/** One purpose for which a back-end asks the policy. */
export type Purpose = {
  readonly scopes: ScopeSet
  /** The purpose that it refines; a dump prints only what differs from it. */
  readonly parent?: PurposeName
}

/** What each back-end asks for, in the order of a policy dump. */
export const PURPOSES = {
  bind: { scopes: scopeSet('bind', 'dnssec') },
  gnutls: { scopes: scopeSet('gnutls', 'tls', 'ssl') },
  'java-tls': { scopes: scopeSet('java-tls', 'tls', 'ssl') },
  krb5: { scopes: scopeSet('krb5', 'kerberos') },
  libreswan: { scopes: scopeSet('ipsec', 'ike', 'libreswan') },
  libssh: { scopes: scopeSet('libssh', 'ssh') },
  nss: { scopes: scopeSet('nss') },
  'nss-tls': { scopes: scopeSet('nss', 'nss-tls', 'tls', 'ssl'), parent: 'nss' },
  'nss-pkcs12': { scopes: scopeSet('nss', 'pkcs12', 'nss-pkcs12'), parent: 'nss' },
  'nss-pkcs12-import': {
    scopes: scopeSet('nss', 'pkcs12', 'pkcs12-import', 'nss-pkcs12', 'nss-pkcs12-import'),
    parent: 'nss-pkcs12',
  },
  'nss-smime': { scopes: scopeSet('nss', 'smime', 'nss-smime'), parent: 'nss' },
  'nss-smime-import': {
    scopes: scopeSet('nss', 'smime', 'smime-import', 'nss-smime', 'nss-smime-import'),
    parent: 'nss-smime',
  },
  openssh: { scopes: scopeSet('openssh', 'ssh') },
  'openssh-client': { scopes: scopeSet('openssh-client', 'openssh', 'ssh'), parent: 'openssh' },
  'openssh-server': { scopes: scopeSet('openssh-server', 'openssh', 'ssh'), parent: 'openssh' },
  openssl: { scopes: scopeSet('openssl', 'tls', 'ssl') },
  sequoia: { scopes: scopeSet('sequoia') },
  rpm: { scopes: scopeSet('rpm', 'rpm-sequoia') },
} as const satisfies Record<string, { scopes: ScopeSet; parent?: string }>

export type PurposeName = keyof typeof PURPOSES

export const PURPOSE_NAMES = Object.keys(PURPOSES) as readonly PurposeName[]

/** The purposes that are TLS. */
export const TLS_PURPOSES = [
  'gnutls',
  'java-tls',
  'nss-tls',
  'openssl',
] as const satisfies readonly PurposeName[]

export type TlsPurpose = (typeof TLS_PURPOSES)[number]

/** The purpose of that name. */
export function purpose(name: PurposeName): Purpose {
  return PURPOSES[name]
}

/** Which sets of scopes a directive applies to. */
export type ScopeSelector = {
  /** As written, in lower case; `*` where the directive has no scope. */
  readonly pattern: string
  readonly negated: boolean
  /** The scopes that the pattern names. */
  readonly scopes: ScopeSet
}

const EVERYWHERE: ScopeSelector = { pattern: '*', negated: false, scopes: new Set(SCOPES) }

/** Whether a directive with this selector counts where these scopes are asked for. */
export function selects(selector: ScopeSelector, scopes: ScopeSet): boolean {
  if (selector.pattern === '*') return true
  for (const scope of scopes) if (selector.scopes.has(scope)) return !selector.negated
  return selector.negated
}

/**
 * Scope : `!`? Glob | `!`? `{` Glob ( `,` Glob )* `}`
 *
 * Reports what is wrong and returns undefined where it means nothing.
 */
export function parseScope(
  statement: Statement,
  diagnostics: Diagnostic[],
): ScopeSelector | undefined {
  const word = statement.scope
  if (!word) return EVERYWHERE
  const pattern = word.text.toLowerCase()
  if (pattern === '*') return EVERYWHERE
  const negated = pattern.startsWith('!')
  const globs = splitGlobs(statement, word, pattern.slice(negated ? 1 : 0), diagnostics)
  const scopes = globs?.map((glob) => matchScopes(statement, word, glob, diagnostics))
  if (!scopes?.every((names) => names.length > 0)) return undefined
  return { pattern, negated, scopes: new Set(scopes.flat()) }
}

function splitGlobs(
  statement: Statement,
  word: PolicyWord,
  body: string,
  diagnostics: Diagnostic[],
): readonly string[] | undefined {
  const span = spanOf(statement, word)
  const illegal = body.match(/[^\p{L}\p{N}{,}*_-]/u)?.[0]
  if (illegal !== undefined) {
    diagnostics.push(
      diagnose(POLICY_KINDS.scopeCharacter, { character: illegal, pattern: word.text }, span),
    )
    return undefined
  }
  const braced = /^\{[^{}]*\}$/.test(body)
  if (!braced && /[{}]/.test(body)) {
    diagnostics.push(diagnose(POLICY_KINDS.scopeBraces, { pattern: word.text }, span))
    return undefined
  }
  if (!braced && body.includes(',')) {
    diagnostics.push(diagnose(POLICY_KINDS.scopeComma, { pattern: word.text }, span))
    return undefined
  }
  return braced ? body.slice(1, -1).split(',') : [body]
}

function matchScopes(
  statement: Statement,
  word: PolicyWord,
  glob: string,
  diagnostics: Diagnostic[],
): readonly Scope[] {
  const names = matchGlob(glob, SCOPES)
  if (names.length === 0) {
    const kind = glob === '' ? POLICY_KINDS.emptyScope : POLICY_KINDS.unknownScope
    diagnostics.push(diagnose(kind, { glob, scopes: SCOPES }, spanOf(statement, word)))
  }
  return names
}

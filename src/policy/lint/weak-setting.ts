/** Lint rule: key sizes that are too small, and switches that let old attacks in. */
import type { WeaknessSeverity } from '../../algorithms/algorithm.ts'
import { type Diagnostic, diagnose } from '../../diagnostics/diagnostic.ts'
import type { Span } from '../../diagnostics/source.ts'
import type { Directive } from '../directive.ts'
import { type EffectivePolicy, evaluatePolicy } from '../effective-policy.ts'
import { phrasePlaces } from '../places-in-words.ts'
import type { ChoiceName, IntegerName } from '../properties.ts'
import { tracedValues, traceProperty, wordFor } from '../provenance.ts'
import { readersOf, scopesAt } from '../purpose-readers.ts'
import type { PurposeName } from '../scope.ts'
import { spanOf } from '../syntax.ts'
import { LINT_KINDS } from './lint-diagnostics.ts'
import type { LintContext, LintRule } from './rule.ts'
import { weakenWhereHarmless } from './weakness.ts'

type Limit = {
  readonly property: IntegerName | ChoiceName
  /** From worst to least. */
  readonly grades: readonly {
    readonly isWeak: (value: string) => boolean
    readonly weakness: WeaknessSeverity
    readonly because: string
  }[]
  readonly better: string
  /** Whether anything is enabled that the setting bounds. */
  readonly matters: (policy: EffectivePolicy) => boolean
}

const below = (bits: number) => (value: string) => Number(value) < bits
const equal = (weak: string) => (value: string) => value === weak

/** NIST SP 800-131A revision 2 and RFC 9325 section 4: 2048 bits give 112 bits of security. */
const LIMITS: readonly Limit[] = [
  {
    property: 'min_dh_size',
    grades: [
      { isWeak: below(1024), weakness: 'high', because: 'Logjam (CVE-2015-4000)' },
      { isWeak: below(2048), weakness: 'medium', because: 'RFC 9325 section 4.1' },
    ],
    better: '2048',
    matters: ({ enabled }) =>
      enabled.key_exchange.some((name) => /^DH/.test(name)) ||
      enabled.group.some((name) => name.startsWith('FFDHE-')),
  },
  {
    property: 'min_rsa_size',
    grades: [
      {
        isWeak: below(1024),
        weakness: 'high',
        because: 'factored in public, RFC 9325 section 4.5',
      },
      { isWeak: below(2048), weakness: 'medium', because: 'RFC 9325 section 4.5' },
    ],
    better: '2048',
    matters: ({ enabled }) =>
      [...enabled.sign, ...enabled.key_exchange].some((name) => /^(DHE-)?RSA/.test(name)),
  },
  {
    property: 'min_dsa_size',
    grades: [
      { isWeak: below(1024), weakness: 'high', because: 'NIST SP 800-131A' },
      { isWeak: below(2048), weakness: 'medium', because: 'NIST SP 800-131A' },
    ],
    better: '2048',
    matters: ({ enabled }) => enabled.sign.some((name) => name.startsWith('DSA-')),
  },
  {
    property: 'min_ec_size',
    grades: [
      { isWeak: below(160), weakness: 'high', because: 'NIST SP 800-131A' },
      { isWeak: below(224), weakness: 'medium', because: 'NIST SP 800-131A' },
    ],
    better: '256',
    matters: ({ enabled }) => enabled.sign.some((name) => name.startsWith('ECDSA-')),
  },
  {
    property: 'sha1_in_certs',
    grades: [{ isWeak: equal('1'), weakness: 'medium', because: 'SHA-1 signature, RFC 9155' }],
    better: '0',
    matters: () => true,
  },
  {
    property: '__openssl_block_sha1_signatures',
    grades: [{ isWeak: equal('0'), weakness: 'medium', because: 'SHA-1 signature, RFC 9155' }],
    better: '1',
    matters: () => true,
  },
  {
    property: 'etm',
    grades: [
      {
        isWeak: equal('DISABLE_ETM'),
        weakness: 'low',
        because: 'no encrypt-then-MAC: Terrapin and plaintext recovery from CBC',
      },
    ],
    better: 'ANY',
    matters: ({ enabled }) => enabled.cipher.some((name) => name.endsWith('-CBC')),
  },
  {
    property: '__ems',
    grades: [
      { isWeak: equal('RELAX'), weakness: 'low', because: 'triple handshake attack, RFC 7627' },
    ],
    better: 'ENFORCE',
    matters: () => true,
  },
]

export const weakSetting: LintRule = {
  name: 'weak-setting',
  summary: 'The smallest key that is accepted is the strength that can be relied on.',
  kinds: [LINT_KINDS.weakSetting],
  evaluates: true,
  check: (context) => LIMITS.flatMap((limit) => checkLimit(context, limit)),
}

/** One weak value and the directive that set it, none where it is the default. */
type Finding = {
  readonly value: string
  readonly directive: Directive | undefined
  readonly purposes: PurposeName[]
}

function checkLimit(context: LintContext, limit: Limit): readonly Diagnostic[] {
  const findings = new Map<Directive | undefined, Finding>()
  for (const purpose of readersOf(limit.property)) {
    const scopes = scopesAt(purpose)
    const steps = traceProperty(context.policy, scopes, limit.property)
    const directive = steps.at(-1)?.directive
    const value = tracedValues(steps, limit.property)[0] ?? ''
    if (!limit.grades.some((grade) => grade.isWeak(value))) continue
    if (!directive && !context.hasBase) continue
    // A module does not know its base, so a setting that it leaves to the base is taken to matter.
    if (context.hasBase && !limit.matters(evaluatePolicy(context.policy, scopes))) continue
    const finding = findings.get(directive) ?? { value, directive, purposes: [] }
    finding.purposes.push(purpose)
    findings.set(directive, finding)
  }
  return [...findings.values()].map((finding) => diagnoseWeakSetting(context, limit, finding))
}

function diagnoseWeakSetting(context: LintContext, limit: Limit, finding: Finding): Diagnostic {
  const { property, better } = limit
  const { value, directive, purposes } = finding
  const grade = limit.grades.find(({ isWeak }) => isWeak(value))
  const weakness = grade?.weakness ?? 'low'
  const where = phrasePlaces(purposes, readersOf(property))
  const because = grade?.because ?? ''
  const isSet = directive !== undefined
  const scope = directive?.statement.scope
  const target = scope ? `${property}@${scope.text}` : property
  const data = { property, value, weakness, because, where, isSet, target, better }
  const span = placeOf(context, directive, value)
  return weakenWhereHarmless(diagnose(LINT_KINDS.weakSetting, data, span), {
    weakness,
    property,
    values: [value],
    purposes,
  })
}

/** Where nothing sets it, the beginning of the base policy. */
function placeOf(
  context: LintContext,
  directive: Directive | undefined,
  value: string,
): Span | undefined {
  if (directive) return spanOf(directive.statement, wordFor(directive, value))
  const source = context.files[0]?.source
  return source && { source, start: 0, end: 0 }
}

/** Random policy texts from the real tables, for property tests. */

import { namesOf } from '../../src/algorithms/algorithm-class.ts'
import type { Source } from '../../src/diagnostics/source.ts'
import { evaluatePolicy } from '../../src/policy/effective-policy.ts'
import { type Policy, parsePolicy } from '../../src/policy/policy.ts'
import { CHOICE_NAMES, CHOICE_VALUES, INTEGER_NAMES } from '../../src/policy/properties.ts'
import { PLACE_NAMES, scopesAt } from '../../src/policy/purpose-readers.ts'
import { SCOPES } from '../../src/policy/scope.ts'
import { fc } from '../seed.ts'

const LISTS = ['cipher', 'group', 'protocol', 'sign', 'hash'] as const

const scope = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  fc.constantFrom(...SCOPES).map((name) => `@${name}`),
  fc.constantFrom('@!tls', '@{tls,ssh}', '@!{ssh,IKE}', '@nss-*', '@*', '@SSH'),
)

/** Few values of each class, so that directives meet. */
function listValue(property: (typeof LISTS)[number]) {
  const names: readonly string[] = namesOf(property)
  const old = property === 'group' ? ['X25519-MLKEM768'] : []
  return fc.constantFrom(...names.slice(0, 6), ...old)
}

const listDirective = fc.constantFrom(...LISTS).chain((property) => {
  const plain = fc.array(listValue(property), { maxLength: 4 })
  const change = fc
    .tuple(fc.constantFrom('+', '-', 'append'), listValue(property))
    .map(([sign, value]) => (sign === 'append' ? `${value}+` : `${sign}${value}`))
  const changes = fc.array(change, { minLength: 1, maxLength: 3 })
  return fc
    .tuple(scope, fc.oneof(plain, changes))
    .map(([where, values]) => `${property}${where} = ${values.join(' ')}`)
})

const settingDirective = fc.oneof(
  fc
    .tuple(fc.constantFrom(...INTEGER_NAMES), scope, fc.constantFrom('0', '1', '2048'))
    .map(([name, where, value]) => `${name}${where} = ${value}`),
  fc
    .constantFrom(...CHOICE_NAMES)
    .chain((name) =>
      fc
        .tuple(scope, fc.constantFrom<string>(...CHOICE_VALUES[name]))
        .map(([where, value]) => `${name}${where} = ${value}`),
    ),
)

const deprecatedDirective = fc.constantFrom(
  'tls_cipher = AES-256-GCM AES-128-CCM',
  'tls_cipher = -AES-256-CCM',
  'ssh_cipher = +AES-192-GCM',
  'ssh_group = X25519-MLKEM768 X25519',
  'ssh_group = -X25519-MLKEM768',
  'ike_protocol = IKEv2',
  'sha1_in_dnssec = 0',
  'sha1_in_dnssec = 1',
  'ssh_etm = 0',
  'ssh_etm = 1',
  'ssh_etm@{libssh} = 0',
  'min_tls_version = TLS1.2',
  'min_tls_version = SSL3.0',
  'min_tls_version = 0',
  'min_dtls_version = DTLS1.2',
)

/** White space, comments and line breaks where the language allows them. */
function layOut(directive: string, breaks: readonly string[]): string {
  const parts = directive.split(' ')
  return parts.map((part, index) => part + (breaks[index % breaks.length] ?? ' ')).join('')
}

const gap = fc.constantFrom(' ', '  ', '\t', ' \\\n    ', ' \\ # why\n  ', ' \\\n \\\n')
const laidOut = (directive: fc.Arbitrary<string>) =>
  fc.tuple(directive, fc.array(gap, { minLength: 1, maxLength: 4 })).map(([text, gaps]) => {
    return `${layOut(text, gaps).replace(/(?:\s|\\|# why)*$/, '')}`
  })

const line = fc.oneof(
  { weight: 6, arbitrary: laidOut(listDirective) },
  { weight: 2, arbitrary: laidOut(settingDirective) },
  { weight: 4, arbitrary: laidOut(deprecatedDirective) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '# a comment',
      '',
      '   # indented = 1',
      '\\',
      '# %suppress_experimental_value_warnings=true',
      '# %suppress_experimental_value_warnings=false',
      'group = X25519-\\ # split\n  MLKEM768 X25519',
      'tls_\\\ncipher = AES-256-\\\nGCM # joined',
      'ssh_etm \\ # inner\n = 1 # outer',
    ),
  },
)

/** A policy file; some end in the middle of a line. */
export const policyText: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(fc.tuple(line, fc.constantFrom('', '', ' # note')), { maxLength: 14 }),
    fc.boolean(),
  )
  .map(([lines, isEnded]) => {
    const text = lines
      .map(([content, note]) =>
        /[#\\]|^$/.test(content.split('\n').at(-1) ?? '') ? content : content + note,
      )
      .join('\n')
    return text.endsWith('\\') || isEnded ? `${text}\n` : text
  })

/** Directives of today only, one a line. */
export const modernText: fc.Arbitrary<string> = fc
  .array(fc.oneof({ weight: 4, arbitrary: listDirective }, settingDirective), { maxLength: 12 })
  .map((lines) => `${lines.join('\n').replaceAll('X25519-MLKEM768', 'MLKEM768-X25519')}\n`)

/** A source of that text. */
export function sourceOf(text: string, name = 'TEST.pol'): Source {
  return { name, text }
}

/** A policy of texts: a base, then modules. */
export function policyOf(...texts: readonly string[]): Policy {
  return parsePolicy(
    'TEST',
    texts.map((text, index) => sourceOf(text, index === 0 ? 'TEST.pol' : `M${index}.pmod`)),
  ).policy
}

/** Everything that a policy means, for comparison. */
export function meaningOf(policy: Policy): unknown {
  return PLACE_NAMES.map((place) => {
    const { enabled, integers, choices } = evaluatePolicy(policy, scopesAt(place))
    return { place, enabled, integers, choices }
  })
}

/** A policy without some of its directives. */
export function without(policy: Policy, directives: ReadonlySet<unknown>): Policy {
  return { ...policy, directives: policy.directives.filter((d) => !directives.has(d)) }
}

/** Every finding of the lint rules, in one place. A rule may weaken a warning to a note. */
import type { WeaknessSeverity } from '../../algorithms/algorithm.ts'
import { type DiagnosticKind, defineKinds } from '../../diagnostics/diagnostic.ts'

import type { Emptied } from '../emptied-class.ts'

type Kind<Data> = DiagnosticKind<Data>

/** The most values that a message names; the others are counted. */
const NAMED = 8

function listValues(values: readonly string[]): string {
  const shown = values.slice(0, NAMED).join(', ')
  return values.length > NAMED ? `${shown} and ${values.length - NAMED} more` : shown
}

const lowerBound: Kind<{ old: string; replacement: string }> = {
  code: 'LINT_LOWER_BOUND',
  severity: 'note',
  fault: 'answer',
  summary:
    'A lower bound on versions hides which versions it takes away. `cryptopolicy lint --fix` writes them out.',
  message: ({ old, replacement }) =>
    replacement === ''
      ? `${old} takes nothing away, leave it out`
      : `${old} is old style, write ${replacement}`,
}

const noEffect: Kind<{ directive: string; reason: string }> = {
  code: 'LINT_NO_EFFECT',
  severity: 'warning',
  fault: 'answer',
  summary:
    'A directive never has an effect: without it the policy means the same for every purpose.',
  message: ({ directive, reason }) => `\`${directive}\` has no effect: ${reason}`,
  hint: () => 'remove it, or move it to where it counts: later directives win',
}

const noEffectHere: Kind<{ directive: string; base: string; reason: string }> = {
  code: 'LINT_NO_EFFECT_HERE',
  severity: 'note',
  fault: 'answer',
  summary:
    'A directive of a module has no effect on this base policy; on another it may well have one.',
  message: ({ directive, base, reason }) =>
    `\`${directive}\` has no effect on top of ${base}: ${reason}`,
}

const statesDefault: Kind<{ directive: string }> = {
  code: 'LINT_STATES_DEFAULT',
  severity: 'note',
  fault: 'answer',
  summary: 'A directive says what would hold without it. Harmless, and sometimes worth saying.',
  message: ({ directive }) => `\`${directive}\` states the default`,
}

const valueWithoutEffect: Kind<{ word: string; property: string; reason: string }> = {
  code: 'LINT_VALUE_WITHOUT_EFFECT',
  severity: 'note',
  fault: 'answer',
  summary: 'One value of a directive has no effect where the directive stands.',
  message: ({ word, property, reason }) => `\`${word}\` changes no ${property} list: ${reason}`,
}

const duplicateValue: Kind<{ word: string; value: string; earlier: string }> = {
  code: 'LINT_DUPLICATE_VALUE',
  severity: 'warning',
  fault: 'answer',
  summary: 'A directive names the same value twice.',
  message: ({ word, earlier, value }) =>
    word === earlier
      ? `\`${word}\` is named twice`
      : `\`${word}\` after \`${earlier}\`: ${value} is named twice`,
  hint: () => 'keep the one that says what is meant',
}

const wildcardEnables: Kind<{
  word: string
  property: string
  enabled: readonly string[]
  weak: readonly string[]
}> = {
  code: 'LINT_WILDCARD_ENABLES',
  severity: 'warning',
  fault: 'answer',
  summary:
    'A wildcard enables algorithms. What it matches grows with every release; wildcards are for taking away.',
  message: ({ word, property, enabled }) =>
    `\`${word}\` enables whatever ${property} matches, today ${listValues(enabled)}`,
  hint: ({ weak }) =>
    weak.length > 0
      ? `among them is weak: ${listValues(weak)}; name what you want`
      : 'name what you want: a later release may add to it',
}

const idleScope: Kind<{ pattern: string }> = {
  code: 'LINT_IDLE_SCOPE',
  severity: 'warning',
  fault: 'answer',
  summary: 'No back-end ever asks for a purpose that the scope selects.',
  message: ({ pattern }) => `@${pattern} speaks to no back-end`,
  hint: () => 'leave out the scope for a directive that holds everywhere',
}

const unreadScope: Kind<{ pattern: string; property: string; readers: readonly string[] }> = {
  code: 'LINT_UNREAD_SCOPE',
  severity: 'warning',
  fault: 'answer',
  summary: 'No back-end reads this property for any purpose that the scope selects.',
  message: ({ pattern, property }) => `nothing in @${pattern} reads ${property}`,
  hint: ({ property, readers }) => `${property} is read for ${readers.join(', ')}`,
}

/** What becomes of programs of which a policy leaves nothing. */
const EMPTIED_EFFECTS: { readonly [E in Emptied]: string } = {
  closed: 'what needs one fails',
  open: 'the library has no way to be told, and uses all that it has built in',
  partly: 'the library has no way to be told, and keeps some',
  unchecked: 'what others signed is taken without a check',
}

const emptyClass: Kind<{ what: string; where: string; effect: Emptied }> = {
  code: 'LINT_EMPTY_CLASS',
  severity: 'warning',
  fault: 'answer',
  summary:
    'The policy leaves nothing enabled of a class. What needs one fails, or its library uses all that it has: the message says which. See [what back-ends cannot say](back-ends-cannot-say.md).',
  message: ({ what, where, effect }) => `no ${what} is left ${where}: ${EMPTIED_EFFECTS[effect]}`,
  hint: ({ effect }) =>
    effect === 'closed' ? undefined : 'leave at least one that the library has',
}

const weakAlgorithm: Kind<{
  property: string
  algorithms: readonly string[]
  weakness: WeaknessSeverity
  because: string
  where: string
  elsewhere: readonly string[]
}> = {
  code: 'LINT_WEAK_ALGORITHM',
  severity: 'warning',
  fault: 'answer',
  summary:
    'A weak algorithm is enabled. It is a note where an attacker cannot make two programs agree on it (files, packages, zones), or where the weakness is low.',
  message: ({ property, algorithms, weakness, because, where }) =>
    `weak ${property} ${listValues(algorithms)} ${where} (${weakness}: ${because})`,
  hint: ({ elsewhere }) =>
    elsewhere.length === 0 ? undefined : `also enabled at ${elsewhere.join('; ')}`,
}

const weakSetting: Kind<{
  property: string
  value: string
  weakness: WeaknessSeverity
  because: string
  where: string
  isSet: boolean
  target: string
  better: string
}> = {
  code: 'LINT_WEAK_SETTING',
  severity: 'warning',
  fault: 'answer',
  summary:
    'A key size or a switch is weak, by a directive or by default. It is a note where an attacker cannot make two programs agree on it, or where the weakness is low.',
  message: ({ property, value, weakness, because, where, isSet }) =>
    `weak ${property} = ${value}${isSet ? '' : ', its default,'} ${where} (${weakness}: ${because})`,
  hint: ({ target, better }) => `write ${target} = ${better}`,
}

const moduleConflict: Kind<{
  property: string
  values: readonly string[]
  module: string
  verb: string
  where: string
}> = {
  code: 'LINT_MODULE_CONFLICT',
  severity: 'warning',
  fault: 'answer',
  summary: 'A module takes back what a module before it did; the order of the modules decides.',
  message: ({ property, values, module, verb, where }) =>
    `${property} ${listValues(values)}: ${verb} again ${where}, against ${module}`,
  hint: () => 'the module named last wins; leave out the one that is not meant',
}

const javaFusedName: Kind<{ hasMd5: boolean; hasRsa: boolean }> = {
  code: 'LINT_JAVA_FUSED_NAME',
  severity: 'note',
  fault: 'answer',
  summary:
    'The file for Java names `MD5withECDSARIPEMD160withRSA`: two names without the comma between them, as every published configuration has them. Java has no such algorithm, so that neither name is disabled by it. The JDK has neither signature itself; a provider such as Bouncy Castle may.',
  message: ({ hasMd5, hasRsa }) => {
    const ecdsa = hasMd5 ? 'MD5withECDSA' : 'MD5withECDSA in TLS'
    const permitted = hasRsa ? `RIPEMD160withRSA and ${ecdsa}` : ecdsa
    return `Java permits ${permitted}: \`MD5withECDSARIPEMD160withRSA\` in its file disables nothing`
  },
  hint: () =>
    'where a provider has them, add both names to jdk.certpath.disabledAlgorithms in java.security',
}

const tooLargeToEvaluate: Kind<{ operations: number; limit: number }> = {
  code: 'LINT_TOO_LARGE',
  severity: 'note',
  fault: 'answer',
  summary:
    'The policy is too large to be evaluated directive by directive; some rules left it out.',
  message: ({ operations, limit }) =>
    `only the text was checked: ${operations} steps are more than ${limit}`,
}

const moreFindings: Kind<{ rule: string; more: number }> = {
  code: 'LINT_MORE_FINDINGS',
  severity: 'note',
  fault: 'answer',
  summary: 'A rule found more than is shown.',
  message: ({ rule, more }) => `${rule} found ${more} more`,
}

export const LINT_KINDS = defineKinds({
  lowerBound,
  noEffect,
  noEffectHere,
  statesDefault,
  valueWithoutEffect,
  duplicateValue,
  wildcardEnables,
  idleScope,
  unreadScope,
  emptyClass,
  weakAlgorithm,
  weakSetting,
  moduleConflict,
  javaFusedName,
  tooLargeToEvaluate,
  moreFindings,
})

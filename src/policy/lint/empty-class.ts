/** Lint rule: a policy that leaves nothing of a class that a back-end needs. */
import { type AlgorithmClass, namesOf } from '../../algorithms/algorithm-class.ts'
import { type ProtocolFamily, versionsOf } from '../../algorithms/protocol.ts'
import { type Diagnostic, diagnose } from '../../diagnostics/diagnostic.ts'
import type { Span } from '../../diagnostics/source.ts'
import { type EffectivePolicy, evaluatePolicy } from '../effective-policy.ts'
import { EMPTIED, type Emptied, emptiedEffect } from '../emptied-class.ts'
import { phrasePlaces } from '../places-in-words.ts'
import type { PropertyName } from '../properties.ts'
import { traceProperty, writtenStatement } from '../provenance.ts'
import { readersOf, scopesAt } from '../purpose-readers.ts'
import { PURPOSE_NAMES, type PurposeName, TLS_PURPOSES } from '../scope.ts'
import { spanOf } from '../syntax.ts'
import { LINT_KINDS } from './lint-diagnostics.ts'
import type { LintContext, LintRule } from './rule.ts'

/** Something of which at least one must be left. */
type Need = {
  readonly what: string
  readonly property: AlgorithmClass
  readonly purposes: readonly PurposeName[]
  readonly left: (policy: EffectivePolicy) => readonly string[]
}

const SSH_PURPOSES: readonly PurposeName[] = [
  'libssh',
  'openssh',
  'openssh-client',
  'openssh-server',
]
const CONNECTIONS: readonly PurposeName[] = [...TLS_PURPOSES, 'libreswan', ...SSH_PURPOSES]

const NEEDS: readonly Need[] = [
  version('TLS version', 'tls', TLS_PURPOSES),
  version('IKE version', 'ike', ['libreswan']),
  {
    what: 'cipher',
    property: 'cipher',
    purposes: readersOf('cipher'),
    left: (policy) => policy.enabled.cipher.filter((name) => name !== 'NULL'),
  },
  {
    what: 'message authentication',
    property: 'mac',
    purposes: readersOf('mac'),
    left: (policy) => policy.enabled.mac,
  },
  {
    what: 'group',
    property: 'group',
    purposes: CONNECTIONS,
    left: (policy) => policy.enabled.group,
  },
  {
    what: 'key exchange',
    property: 'key_exchange',
    purposes: readersOf('key_exchange'),
    left: (policy) => policy.enabled.key_exchange,
  },
  {
    what: 'hash',
    property: 'hash',
    purposes: readersOf('hash'),
    left: (policy) => policy.enabled.hash,
  },
  {
    what: 'signature algorithm',
    property: 'sign',
    purposes: readersOf('sign'),
    left: (policy) => policy.enabled.sign,
  },
]

export const emptyClass: LintRule = {
  name: 'empty-class',
  summary: 'A class with nothing in it stops programs, or opens them.',
  kinds: [LINT_KINDS.emptyClass],
  evaluates: true,
  check: (context) => (context.hasBase ? NEEDS.flatMap((need) => checkNeed(context, need)) : []),
}

function version(what: string, family: ProtocolFamily, purposes: readonly PurposeName[]): Need {
  const left = (policy: EffectivePolicy) => versionsOf(family, policy.enabled.protocol)
  return { what, property: 'protocol', purposes, left }
}

function checkNeed(context: LintContext, need: Need): readonly Diagnostic[] {
  const purposes = PURPOSE_NAMES.filter((name) => need.purposes.includes(name))
  const effects = new Map<PurposeName, Emptied>()
  for (const name of purposes) {
    const effective = evaluatePolicy(context.policy, scopesAt(name))
    if (need.left(effective).length > 0) continue
    const effect = emptiedEffect(name, need.property, effective)
    effects.set(
      name,
      effect === EMPTIED.closed && keepsSome(context, need, name) ? 'partly' : effect,
    )
  }
  return Object.values(EMPTIED).flatMap((effect) => {
    const places = [...effects.keys()].filter((name) => effects.get(name) === effect)
    const first = places[0]
    if (!first) return []
    const data = { what: need.what, where: phrasePlaces(places, purposes), effect }
    return [diagnose(LINT_KINDS.emptyClass, data, emptyingPlace(context, need.property, first))]
  })
}

/** Whether a library is known to keep something of a class, all of which the policy forbids. */
function keepsSome(context: LintContext, { property }: Need, purpose: PurposeName): boolean {
  const kept = context.keptFor?.(purpose) ?? []
  const names: readonly string[] = namesOf(property)
  return names.some((name) => kept.includes(name))
}

/** The last directive that took something away, else the beginning of the base policy. */
function emptyingPlace(
  context: LintContext,
  property: PropertyName,
  purpose: PurposeName,
): Span | undefined {
  const steps = traceProperty(context.policy, scopesAt(purpose), property)
  const last =
    steps.findLast(({ before, after }) => before.some((value) => !after.includes(value))) ??
    steps.at(-1)
  if (last) return spanOf(writtenStatement(last.directive))
  const source = context.files[0]?.source
  return source && { source, start: 0, end: 0 }
}

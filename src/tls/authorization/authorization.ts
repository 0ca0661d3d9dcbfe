/** Who may come in: rules on a client's certificate, the first that matches decides. */
import { formatLocation, type Span } from '../../diagnostics/source.ts'
import type { Certificate } from '../../x509/certificate.ts'
import {
  type AuthorizationPolicy,
  type AuthorizationRule,
  satisfiesRule,
} from './authorization-rule.ts'

export type AuthorizationDecision = {
  readonly allowed: boolean
  /** In words: which rule of which object decided, and where it is written. */
  readonly rule: string
  /** The number of the rule from 0; not set where none matched. */
  readonly index?: number
  /** Where the rule is written. */
  readonly span?: Span
}

export interface Authorization {
  readonly id: string
  /** Decides by the rules that are in force when it is called. */
  decide(peer: Certificate): AuthorizationDecision
}

/** The rules of an authorization, as of its last load. */
export type RuleList = {
  /** `authz-list auth0`. */
  readonly name: string
  readonly rules: readonly AuthorizationRule[]
  /** What holds where no rule matches. */
  readonly fallback: AuthorizationPolicy
  /** Why that is so; by default it is the policy of the object. */
  readonly fallbackReason?: string
}

/** Decides by a list of rules. */
export function decideByRules(list: RuleList, peer: Certificate): AuthorizationDecision {
  const index = list.rules.findIndex((rule) => satisfiesRule(peer, rule))
  const rule = list.rules[index]
  if (rule) return decideByRule(list.name, rule, index)
  const { fallback, fallbackReason = `its policy is ${fallback}` } = list
  const count = list.rules.length
  const none =
    count === 0
      ? 'there is no rule'
      : count === 1
        ? 'its rule does not match'
        : `none of its ${count} rules matches`
  return { allowed: fallback === 'allow', rule: `${list.name}: ${none}, ${fallbackReason}` }
}

function decideByRule(name: string, rule: AuthorizationRule, index: number): AuthorizationDecision {
  const { of, match, format, policy, span } = rule
  const kind = of === 'dn' ? '' : ` of ${of}`
  const how = format === 'glob' ? ' (glob)' : ''
  const where = span ? ` at ${formatLocation(span)}` : ''
  const words = `${name}: rule ${index}${where} ${policy === 'allow' ? 'allows' : 'denies'} \`${match}\`${kind}${how}`
  return { allowed: policy === 'allow', rule: words, index, ...(span ? { span } : {}) }
}

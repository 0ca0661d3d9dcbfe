/** `authz-list`: rules in order, the first that matches decides, else the policy. */

import type { PropertyReader } from '../../../options/property-reader.ts'
import type { RuleList } from '../../authorization/authorization.ts'
import { POLICIES, RULE_PROPERTIES, readRule } from '../../authorization/authorization-rule.ts'
import { digestOf } from './digest.ts'
import type { ObjectType } from './object-type.ts'

export const LIST_PROPERTIES = ['policy', 'rules'] as const

export const AUTHZ_LIST: ObjectType = {
  name: 'authz-list',
  kind: 'authorization',
  properties: LIST_PROPERTIES,
  load: (reader) => {
    const list = readRuleList(reader, reader.what)
    return {
      kind: 'authorization',
      list,
      digest: digestOf(
        JSON.stringify(list.rules.map(({ span: _, ...rule }) => rule)),
        list.fallback,
      ),
      paths: [],
    }
  },
}

/** Reads `policy` and `rules`, which the file of an `authz-list-file` has too. */
export function readRuleList(reader: PropertyReader, name: string): RuleList {
  const fallback = reader.choice('policy', POLICIES, 'deny')
  return { name, rules: reader.list('rules', RULE_PROPERTIES).map(readRule), fallback }
}

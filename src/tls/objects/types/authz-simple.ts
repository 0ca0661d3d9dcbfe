/** `authz-simple`: one identity may come in. */
import { makeRule } from '../../authorization/authorization-rule.ts'
import { IDENTITY_KINDS } from '../../authorization/identity.ts'
import { digestOf } from './digest.ts'
import type { ObjectType } from './object-type.ts'

export const AUTHZ_SIMPLE: ObjectType = {
  name: 'authz-simple',
  kind: 'authorization',
  properties: ['identity', 'of'],
  load: (reader) => {
    const match = reader.requiredText('identity', 'for instance identity=C=UK,,CN=client')
    const of = reader.choice('of', IDENTITY_KINDS, 'dn')
    const rule = makeRule(
      { of, match, format: 'exact', policy: 'allow' },
      reader.spanOf('identity'),
    )
    const list = {
      name: reader.what,
      rules: [rule],
      fallback: 'deny',
      fallbackReason: 'and it allows nothing else',
    } as const
    return { kind: 'authorization', list, digest: digestOf(of, match), paths: [] }
  },
}

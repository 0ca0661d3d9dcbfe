/** `authz-pam`: known, and refused in words. */
import { fail } from '../../../diagnostics/diagnostic.ts'
import { OBJECT_KINDS } from '../../object-diagnostics.ts'
import type { ObjectType } from './object-type.ts'

export const AUTHZ_PAM: ObjectType = {
  name: 'authz-pam',
  kind: 'authorization',
  properties: ['service'],
  load: (reader) => {
    const data = {
      type: 'authz-pam',
      reason: 'PAM is a library that only compiled programs can load',
      hint: 'authz-list-file reads the names from a file and notices when it changes',
    }
    return fail(OBJECT_KINDS.unsupportedType, data, reader.spanOf('service'))
  },
}

/** Every error and warning of certificates and keys, by the name the code uses. */
import { defineKinds } from '../diagnostics/diagnostic.ts'
import { CHECK_KINDS } from './check-diagnostics.ts'
import { ISSUE_KINDS } from './issue-diagnostics.ts'
import { KEY_KINDS } from './key-diagnostics.ts'
import { NAME_KINDS } from './name-diagnostics.ts'

export const PKI_KINDS = defineKinds({
  ...KEY_KINDS,
  ...NAME_KINDS,
  ...ISSUE_KINDS,
  ...CHECK_KINDS,
})

/** `update-policies`, under the name by which it was called. */
import { REFERENCE_NAME } from '../reference-lines.ts'
import { updatePolicies } from './policy-update.ts'

const isReference = process.env.CRYPTOPOLICY_CALLED_AS === REFERENCE_NAME
delete process.env.CRYPTOPOLICY_CALLED_AS

void updatePolicies(isReference ? REFERENCE_NAME : undefined).then((status) => {
  process.exitCode = status
})

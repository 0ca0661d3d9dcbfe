/** Drop-ins of NSS: further specifications of modules, whose policies come after that of the policy. */
import { type Diagnostic, diagnose } from '../../diagnostics/diagnostic.ts'
import { DROP_IN_KINDS } from './drop-in-diagnostics.ts'
import type { JoinedText } from './joined-text.ts'

/** One that only forbids more is what a drop-in is for. */
const ALLOWING = /^[ \t]*config[ \t]*=.*\b(?:allow|enable)=.*$/gim

export function checkNss({ text, policyEnd, spanOf }: JoinedText): readonly Diagnostic[] {
  return [...text.matchAll(ALLOWING)]
    .filter(({ index }) => index >= policyEnd)
    .map(({ index, 0: line }) => {
      const span = spanOf(index, index + line.length)
      return diagnose(DROP_IN_KINDS.replaces, { setting: 'config', lost: undefined }, span)
    })
}

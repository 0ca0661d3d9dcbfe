/** Back-ends whose text is the conversion of what a policy allows: never more than the policy. */

import type { MacName } from '../../algorithms/mac.ts'
import { memoize } from '../../cache/memoize.ts'
import { RecentlyUsed } from '../../cache/recently-used.ts'
import { DiagnosticError } from '../../diagnostics/diagnostic.ts'
import type { EffectivePolicy } from '../../policy/effective-policy.ts'
import { convertPriority } from '../../priority/convert/convert.ts'
import { diagnoseConversion } from '../../priority/convert/convert-diagnostics.ts'
import { type EvaluationOutcome, evaluatePriority } from '../../priority/evaluate.ts'
import { diagnoseFailure } from '../../priority/failure/failure-diagnostics.ts'
import type { ConversionTarget } from '../../priority/library-releases.ts'
import { DEFAULT_RELEASE } from '../../priority/releases.ts'
import { GNUTLS_MAC_WORDS } from '../gnutls-names.ts'
import type { Words } from '../translate.ts'
import type {
  ApplicationBackend,
  ApplicationInput,
  ApplicationText,
} from './application-backend.ts'
import { priorityText } from './priority-string.ts'

/** Other libraries take the MACs too that the back-end of GnuTLS leaves out. */
const MACS: Words<MacName> = {
  ...GNUTLS_MAC_WORDS,
  'HMAC-SHA2-256': 'SHA256',
  'HMAC-SHA2-384': 'SHA384',
}

/** Makes a back-end of a target of `convert`. */
export function convertedBackend(
  target: ConversionTarget,
  definition: Omit<ApplicationBackend, 'generate'>,
): ApplicationBackend {
  return { ...definition, generate: (input) => convertPolicy(target, input) }
}

function convertPolicy(
  target: ConversionTarget,
  { effective, releases }: ApplicationInput,
): ApplicationText {
  const outcome = evaluateAsPriority(effective)
  if (!outcome.ok) {
    return { text: undefined, remarks: [diagnoseFailure(outcome.failure).message] }
  }
  try {
    const conversion = convertPriority(outcome.evaluation, target, releases)
    const remarks = diagnoseConversion(conversion)
      .filter(({ severity }) => severity !== 'note')
      .map(({ message }) => message)
    return { text: conversion.text, remarks }
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    const remarks = error.diagnostics.flatMap(({ message, hint }) => [
      message,
      ...(hint ? [hint] : []),
    ])
    return { text: undefined, remarks }
  }
}

/** Once for all back-ends of a program that ask for the same. */
function evaluateAsPriority(effective: EffectivePolicy): EvaluationOutcome {
  const text = priorityTextOf(effective)
  const outcome = EVALUATED.get(text) ?? evaluatePriority({ name: '<application>', text })
  EVALUATED.keep(text, outcome)
  return outcome
}

/** The back-ends of a program follow each other. */
const EVALUATED = new RecentlyUsed<EvaluationOutcome>(16)

/** What a policy enables as a string of the newest GnuTLS, which knows all that a conversion can say. */
export const priorityTextOf = memoize((effective: EffectivePolicy): string => {
  // A suite of that MAC derives keys with SHA-384 too, whatever its cipher (RFC 5289 section 3.1).
  const { 'HMAC-SHA2-384': _, ...others } = MACS
  const macs = effective.enabled.hash.includes('SHA2-384') ? MACS : others
  return priorityText(effective, { release: DEFAULT_RELEASE, macs }).text
})

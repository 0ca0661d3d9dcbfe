/** Checks of what programs hand to the functions for priority strings. */
import {
  listOfChecked,
  madeBy,
  optionalChecked,
  optionsOf,
  requireObject,
} from '../arguments/objects.ts'
import { type ArgumentCheck, requireOneOf, requireString } from '../arguments/single-values.ts'
import type { EvaluateOptions, Evaluation } from './evaluate.ts'
import { GNUTLS_RELEASES } from './releases.ts'
import type { SystemConfig } from './system-config.ts'

export const checkConfig = madeBy<SystemConfig>('parseSystemConfig', {
  source: requireObject,
  entries: listOfChecked(requireObject),
})

export const checkRelease: ArgumentCheck = (value, name) =>
  requireOneOf(value, GNUTLS_RELEASES, name)

export const checkEvaluateOptions = optionsOf<EvaluateOptions>({
  config: optionalChecked(checkConfig),
  release: optionalChecked(checkRelease),
})

const members = listOfChecked(requireObject)

export const checkEvaluation = madeBy<Evaluation>('requirePriority', {
  ...{ release: requireString, resolution: requireObject, options: requireObject },
  ...{ protocols: members, ciphers: members, macs: members, keyExchanges: members },
  ...{ groups: members, signatures: members, suites: members, adjustments: members },
  ...{ certificateProhibitions: requireObject, curveProhibitions: requireObject },
})

/** `cryptopolicy/priority`: what GnuTLS priority strings stand for, what they allow, and why. */

import type { AllowedTls } from '../algorithms/allowed-tls.ts'
import { requireText, type TextInput } from '../arguments/single-values.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { Source } from '../diagnostics/source.ts'
import {
  allowedTls as allowed,
  type EvaluateOptions,
  type Evaluation,
  type EvaluationOutcome,
  evaluatePriority as evaluate,
  type PriorityFailure,
} from '../priority/evaluate.ts'
import {
  diagnoseFailure as describeFailure,
  diagnoseUnresolved as describeUnresolved,
  requirePriority as requireUsable,
  warnAboutPriority as warn,
} from '../priority/failure/failure-diagnostics.ts'
import { checkEvaluateOptions, checkEvaluation } from '../priority/priority-arguments.ts'
import { DEFAULT_RELEASE, type GnutlsRelease } from '../priority/releases.ts'
import {
  isResolved as isFound,
  type Resolution,
  resolvePriority as resolve,
  type Unresolved,
} from '../priority/resolve.ts'
import { type Explanation, explainPriority as explain } from '../priority/string-explanation.ts'
import {
  NO_CONFIG,
  parseSystemConfig as parseConfig,
  type SystemConfig,
} from '../priority/system-config.ts'
import { checkFailure, checkResolution, checkUnresolved } from './resolution-arguments.ts'

export type { MinimumKeySizes } from '../algorithms/allowed-tls.ts'
export type { TlsGroup, TlsGroupKind } from '../algorithms/tls-groups.ts'
export type {
  SignatureKey,
  TlsSignatureScheme,
  TlsSignatureSchemeName,
} from '../algorithms/tls-signatures.ts'
export type { TlsSuite, TlsSuiteName } from '../algorithms/tls-suites.ts'
export type {
  SignatureSemantics,
  TlsTransport,
  TlsVersion,
  TlsVersionName,
} from '../algorithms/tls-versions.ts'
export type { AlgorithmRules, Prohibition } from '../priority/algorithm-rules.ts'
export type {
  GnutlsCipher,
  GnutlsGroup,
  GnutlsKeyExchange,
  GnutlsMac,
  GnutlsSignature,
  KeyExchangeTrait,
} from '../priority/gnutls-algorithms.ts'
export type { IniEntry, IniFile } from '../priority/ini-file.ts'
export type { Instruction, Sign } from '../priority/instruction.ts'
export type { CertificateType, ListItems, ListName } from '../priority/priority-lists.ts'
export type { ProfileName, SecurityLevelName } from '../priority/profiles.ts'
export { type Availability, GNUTLS_RELEASES } from '../priority/releases.ts'
export type {
  Adjustment,
  AdjustmentReason,
  MissingList,
  Remainder,
} from '../priority/remove-unusable.ts'
export type { ResolutionOrigin } from '../priority/resolve.ts'
export type { ListEffect, OptionChange, Step } from '../priority/string-explanation.ts'
export type { PriorityOption, PriorityOptions } from '../priority/string-options.ts'
export type { ConfigEntry } from '../priority/system-config.ts'
export type { SystemRules } from '../priority/system-rules.ts'
export type { Segment } from '../priority/system-string.ts'
export type { Token } from '../priority/token.ts'
export type { LevelWord } from '../priority/vocabulary.ts'
export type { PriorityWord } from '../priority/word.ts'
export * from './diagnostics.ts'
export type {
  AllowedTls,
  EvaluateOptions,
  Evaluation,
  EvaluationOutcome,
  Explanation,
  GnutlsRelease,
  PriorityFailure,
  Resolution,
  SystemConfig,
  Unresolved,
}

/**
 * Reads the text of a configuration file of GnuTLS, such as `back-ends/gnutls.config`. What is wrong in it
 * is kept, since GnuTLS goes on without it.
 *
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function parseSystemConfig(text: TextInput): SystemConfig {
  return parseConfig(requireText(text, 'text', '<configuration>'))
}

/**
 * The string that `@LIBVIRT,SYSTEM` stands for, and where it is written. `isResolved` tells it from a
 * look-up that found nothing, which `diagnoseUnresolved` puts into words.
 *
 * @param priority The default of the library where it is undefined.
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function resolvePriority(
  priority: TextInput | undefined,
  options: EvaluateOptions = {},
): Resolution | Unresolved {
  const { config = NO_CONFIG, release = DEFAULT_RELEASE } = requireOptions(options)
  return resolve(requirePriorityText(priority), config, release)
}

/**
 * What a string allows under a release of GnuTLS. A string that GnuTLS refuses is no exception:
 * `diagnoseFailure` puts its failure into words, and `requirePriority` throws it.
 *
 * @param priority The default of the library where it is undefined.
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function evaluatePriority(
  priority: TextInput | undefined,
  options: EvaluateOptions = {},
): EvaluationOutcome {
  return evaluate(requirePriorityText(priority), requireOptions(options))
}

/**
 * What a string allows, where it has to be usable.
 *
 * @throws DiagnosticError with the place and a remedy where GnuTLS would refuse it; LIBRARY_ARGUMENT
 */
export function requirePriority(
  priority: TextInput | undefined,
  options: EvaluateOptions = {},
): Evaluation {
  return requireUsable(requirePriorityText(priority), requireOptions(options))
}

/**
 * What each token of a string did. One that GnuTLS refuses is explained as far as GnuTLS reads it.
 *
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function explainPriority(
  priority: TextInput | undefined,
  options: EvaluateOptions = {},
): Explanation {
  return explain(requirePriorityText(priority), requireOptions(options))
}

function requirePriorityText(priority: TextInput | undefined): Source | undefined {
  return priority === undefined ? undefined : requireText(priority, 'priority', '<priority>')
}

function requireOptions(options: EvaluateOptions): EvaluateOptions {
  return checkEvaluateOptions(options, 'options')
}

/**
 * Whether a look-up found a string.
 *
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function isResolved(result: Resolution | Unresolved): result is Resolution {
  return isFound(checkResolution(result, 'result'))
}

/**
 * What a string allows, in the terms of TLS: the same form as what a policy or an endpoint allows.
 *
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function allowedTls(evaluation: Evaluation): AllowedTls {
  return allowed(checkEvaluation(evaluation, 'evaluation'))
}

/**
 * A look-up that found nothing, in words.
 *
 * @param options Those that the string was resolved with.
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function diagnoseUnresolved(
  unresolved: Unresolved,
  options: EvaluateOptions = {},
): Diagnostic {
  return describeUnresolved(checkUnresolved(unresolved, 'unresolved'), requireOptions(options))
}

/**
 * Why GnuTLS refuses a string, in words: the place, and a remedy where one is known.
 *
 * @param options Those that the string was evaluated with.
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function diagnoseFailure(
  failure: PriorityFailure,
  options: EvaluateOptions = {},
): Diagnostic {
  return describeFailure(checkFailure(failure, 'failure'), requireOptions(options))
}

/**
 * What GnuTLS accepts, but hardly as it was meant.
 *
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function warnAboutPriority(evaluation: Evaluation): readonly Diagnostic[] {
  return warn(checkEvaluation(evaluation, 'evaluation'))
}

/** Evaluates a priority string to what it allows, exactly as a release of GnuTLS does. */
import type { AllowedTls } from '../algorithms/allowed-tls.ts'
import { tlsSignatureScheme } from '../algorithms/tls-signatures.ts'
import { canNegotiate } from '../algorithms/tls-suites.ts'
import { includesTls13 } from '../algorithms/tls-versions.ts'
import type { Source } from '../diagnostics/source.ts'
import { type AlgorithmRules, algorithmRules } from './algorithm-rules.ts'
import { usesGroup } from './group-selection.ts'
import type { ListItems } from './priority-lists.ts'
import { applyToken, type PriorityState, startState, useProfile } from './priority-state.ts'
import {
  compareSecurityLevels,
  findProfile,
  levelOfProfile,
  minimumKeySizes,
  type ProfileName,
  type SecurityLevelName,
} from './profiles.ts'
import { DEFAULT_RELEASE, type GnutlsRelease } from './releases.ts'
import {
  type Adjustment,
  type MissingList,
  type Remainder,
  removeUnusable,
} from './remove-unusable.ts'
import { isResolved, type Resolution, resolvePriority, type Unresolved } from './resolve.ts'
import type { PriorityOptions } from './string-options.ts'
import { NO_CONFIG, type SystemConfig } from './system-config.ts'
import { type SystemRules, settingOf, systemRules } from './system-rules.ts'
import { type Token, tokenize } from './token.ts'
import { vocabularyOf } from './vocabulary.ts'

/** For which release, and under which configuration file. */
export type EvaluateOptions = {
  /** The newest with everything it can have unless given. */
  readonly release?: GnutlsRelease
  readonly config?: SystemConfig
}

/** What a string allows. Every list stands in order of preference, as GnuTLS lists it. */
export type Evaluation = { readonly [Name in keyof ListItems]: readonly ListItems[Name][] } & Omit<
  Remainder,
  'missing'
> & {
    readonly release: GnutlsRelease
    readonly resolution: Resolution
    readonly options: PriorityOptions
    /** What a peer's certificates must reach; undefined where anything goes. */
    readonly profile: ProfileName | undefined
    /** What key exchanges without a named group must reach. */
    readonly securityLevel: SecurityLevelName | undefined
    /**
     * Names of signature algorithms that no certificate of a chain may bear, before the options
     * that allow weak ones.
     */
    readonly certificateProhibitions: AlgorithmRules['certificateSignatures']
    /** Names of curves that no key of a chain may be on. */
    readonly curveProhibitions: AlgorithmRules['curves']
  }

/** Why a string cannot be used. */
export type PriorityFailure =
  | { readonly kind: 'unresolved'; readonly unresolved: Unresolved }
  | { readonly kind: 'syntax'; readonly resolution: Resolution; readonly token: Token }
  | {
      readonly kind: 'insufficient'
      readonly resolution: Resolution
      readonly missing: MissingList
      /** What was removed before nothing was left. */
      readonly adjustments: readonly Adjustment[]
    }

/** What a string allows, or why it cannot be used. */
export type EvaluationOutcome =
  | { readonly ok: true; readonly evaluation: Evaluation }
  | { readonly ok: false; readonly failure: PriorityFailure }

/** Evaluates a string, or the default where none is given. A string that fails is a value. */
export function evaluatePriority(
  given: Source | undefined,
  { release = DEFAULT_RELEASE, config = NO_CONFIG }: EvaluateOptions = {},
): EvaluationOutcome {
  const resolution = resolvePriority(given, config, release)
  if (!isResolved(resolution)) {
    return { ok: false, failure: { kind: 'unresolved', unresolved: resolution } }
  }
  return evaluateResolution(resolution, systemRules(config, release))
}

/**
 * Where GnuTLS reports a failure, as an offset in what was given; it knows the token only where
 * the string was taken as it is.
 */
export function reportedOffset(failure: PriorityFailure): number {
  if (failure.kind !== 'syntax') return 0
  const { resolution, token } = failure
  return resolution.text === resolution.given.text ? token.reportedOffset : 0
}

/**
 * What an evaluation allows in the terms of TLS. GnuTLS's lists hold more: suites, groups and
 * signature algorithms that none of the allowed versions can negotiate.
 */
export function allowedTls(evaluation: Evaluation): AllowedTls {
  const { profile, securityLevel, usableGroups, usableSignatures } = evaluation
  // Under an allowlist GnuTLS lists SSL 3.0 where a string names it, though no build speaks it.
  const protocols = evaluation.protocols.filter(({ name }) => name !== 'SSL3.0')
  const suites = evaluation.suites.filter((suite) => protocols.some((v) => canNegotiate(suite, v)))
  const hasTls13 = includesTls13(protocols)
  const groups = usableGroups.filter(
    (group) => hasTls13 || suites.some((suite) => usesGroup(suite, group)),
  )
  const schemes = usableSignatures.flatMap(({ scheme, semantics }) =>
    scheme && protocols.some(({ signatures }) => semantics?.includes(signatures)) ? scheme : [],
  )
  return {
    versions: protocols,
    suites,
    groups: groups.flatMap(({ tls }) => tls ?? []),
    signatureSchemes: [...new Set(schemes)].map(tlsSignatureScheme),
    minimumKeySizes: minimumKeySizes(profile, securityLevel),
  }
}

function evaluateResolution(resolution: Resolution, rules: SystemRules): EvaluationOutcome {
  const { release } = rules
  const vocabulary = vocabularyOf(release)
  const algorithms = algorithmRules(rules)
  const tokens = tokenize(resolution.text)
  const state = startState(tokens[0], vocabulary)
  for (const token of tokens) {
    if (applyToken(state, token, vocabulary, algorithms)) continue
    return { ok: false, failure: { kind: 'syntax', resolution, token } }
  }
  const { missing, ...remainder } = finish(state, rules, algorithms)
  const { adjustments } = remainder
  if (missing)
    return { ok: false, failure: { kind: 'insufficient', resolution, missing, adjustments } }
  const { lists, options, profile, securityLevel } = state
  const decided = { release, resolution, options, profile, securityLevel }
  const prohibitions = {
    certificateProhibitions: algorithms.certificateSignatures,
    curveProhibitions: algorithms.curves,
  }
  return { ok: true, evaluation: { ...lists, ...remainder, ...decided, ...prohibitions } }
}

/** What follows the words: the configuration's settings, and what cannot be negotiated. */
export function finish(
  state: PriorityState,
  rules: SystemRules,
  algorithms: AlgorithmRules,
): Remainder {
  requireSessionHash(state, rules)
  const remainder = removeUnusable(state, algorithms, rules.release)
  if (!remainder.missing) requireProfile(state, rules)
  return remainder
}

/** `tls-session-hash` overrules what the string says. */
function requireSessionHash(state: PriorityState, rules: SystemRules): void {
  const setting = settingOf(rules, 'tls-session-hash')
  if (!setting) return
  const requireExtendedMasterSecret = setting.value === 'require'
  state.options = { ...state.options, extendedMasterSecret: true, requireExtendedMasterSecret }
}

/** A string may ask for more than `min-verification-profile`, not for less. */
function requireProfile(state: PriorityState, rules: SystemRules): void {
  const setting = settingOf(rules, 'min-verification-profile')
  const profile = setting && findProfile(setting.value)
  if (!profile) return
  if (compareSecurityLevels(state.securityLevel, levelOfProfile(profile)) < 0) {
    useProfile(state, profile)
  }
}

/** Turns a failure to evaluate a priority string into a diagnostic with its place and a remedy. */
import { type Diagnostic, DiagnosticError, diagnose } from '../../diagnostics/diagnostic.ts'
import { formatLocation, type Source, type Span } from '../../diagnostics/source.ts'
import { algorithmRules, type Prohibition } from '../algorithm-rules.ts'
import { toUpperAscii } from '../ascii-case.ts'
import { convertFromOpenssl } from '../convert/from-openssl.ts'
import {
  allowedTls,
  type EvaluateOptions,
  type Evaluation,
  evaluatePriority,
  type PriorityFailure,
} from '../evaluate.ts'
import { parseToken } from '../instruction.ts'
import { readOpensslWord } from '../openssl-language.ts'
import { PRIORITY_KINDS } from '../priority-diagnostics.ts'
import {
  DEFAULT_RELEASE,
  describeRelease,
  GNUTLS_RELEASES,
  type GnutlsRelease,
} from '../releases.ts'
import { originOf, type Resolution, type Unresolved } from '../resolve.ts'
import { NO_CONFIG } from '../system-config.ts'
import { systemRules } from '../system-rules.ts'
import { MAX_TOKENS, type Token, tokenize } from '../token.ts'
import { findLevel, findWord, type Vocabulary, vocabularyOf, wordsOf } from '../vocabulary.ts'
import { reportInsufficient } from './insufficient-string.ts'

/**
 * Evaluates a string that must be usable.
 *
 * @throws DiagnosticError where GnuTLS would refuse it.
 */
export function requirePriority(
  given: Source | undefined,
  options: EvaluateOptions = {},
): Evaluation {
  const outcome = evaluatePriority(given, options)
  if (!outcome.ok) throw new DiagnosticError([diagnoseFailure(outcome.failure, options)])
  return outcome.evaluation
}

/** What is wrong, where it is written and what to do, for the options it was evaluated with. */
export function diagnoseFailure(
  failure: PriorityFailure,
  options: EvaluateOptions = {},
): Diagnostic {
  switch (failure.kind) {
    case 'unresolved':
      return diagnoseUnresolved(failure.unresolved, options)
    case 'syntax':
      return diagnoseToken(failure.resolution, failure.token, options)
    case 'insufficient':
      return diagnoseLack(failure.resolution, options)
  }
}

/** What GnuTLS accepts, but hardly as it was meant. */
export function warnAboutPriority(evaluation: Evaluation): readonly Diagnostic[] {
  return [...warnAboutDroppedTokens(evaluation), ...warnAboutUnusable(evaluation)]
}

function warnAboutDroppedTokens({ resolution }: Evaluation): readonly Diagnostic[] {
  const last = tokenize(resolution.text).at(-1)
  if (!last || last.end >= resolution.text.length) return []
  const span = originOf(resolution, last.end + 1, resolution.text.length)
  return [diagnose(PRIORITY_KINDS.droppedTokens, { limit: MAX_TOKENS }, span)]
}

function warnAboutUnusable(evaluation: Evaluation): readonly Diagnostic[] {
  const { suites, versions } = allowedTls(evaluation)
  if (suites.length > 0) return []
  const { resolution } = evaluation
  const data = { versions: versions.map(({ name }) => name) }
  const span = originOf(resolution, 0, resolution.text.length)
  return [diagnose(PRIORITY_KINDS.unusable, data, span)]
}

/** Which keywords are missing where, and what to ask for instead. */
export function diagnoseUnresolved(unresolved: Unresolved, options: EvaluateOptions): Diagnostic {
  const { given, tried, brokenKeywords } = unresolved
  const { release = DEFAULT_RELEASE, config = NO_CONFIG } = options
  const at = given.text.indexOf('@')
  const colon = given.text.indexOf(':')
  const end = colon < 0 ? given.text.length : colon
  if (brokenKeywords) {
    const comma = { source: given, start: colon + 1, end: colon + 2 }
    return diagnose(PRIORITY_KINDS.brokenKeywords, {}, comma)
  }
  const { priorities, mode } = systemRules(config, release)
  const known = [...new Set([...(mode === 'allowlist' ? ['SYSTEM'] : []), ...priorities.keys()])]
  const { source, absent = false } = config
  const data = { keys: tried, file: source.name, absent, known }
  return diagnose(PRIORITY_KINDS.unresolved, data, { source: given, start: at, end })
}

function diagnoseToken(
  resolution: Resolution,
  token: Token,
  { release = DEFAULT_RELEASE, config = NO_CONFIG }: EvaluateOptions,
): Diagnostic {
  const span = originOf(resolution, token.start, token.end)
  const vocabulary = vocabularyOf(release)
  return (
    diagnoseShape(token.text, span) ??
    diagnoseOpenssl(token, span, resolution) ??
    diagnoseCurve(token, span, vocabulary, { release, config }) ??
    diagnoseRelease(token, span, release) ??
    diagnoseWord(token.text, span, vocabulary)
  )
}

/** Mistakes that no vocabulary is needed to see. */
function diagnoseShape(text: string, span: Span): Diagnostic | undefined {
  if (/^[ \t]*$/.test(text)) return diagnose(PRIORITY_KINDS.emptyToken, {}, span)
  if (text.startsWith('@')) return diagnose(PRIORITY_KINDS.nestedKeyword, { token: text }, span)
  return undefined
}

/** A string that is a cipher list from end to end is converted whole. */
function diagnoseOpenssl(token: Token, span: Span, { text }: Resolution): Diagnostic | undefined {
  const openssl = readOpensslWord(token.text)
  if (!openssl) return undefined
  const instead = convertWhole(text) ?? openssl.instead
  return diagnose(PRIORITY_KINDS.opensslLanguage, { word: token.text, instead }, span)
}

/** Undefined where the text is no cipher list of OpenSSL. */
function convertWhole(text: string): string | undefined {
  try {
    return convertFromOpenssl({ name: '<priority>', text }, { isBrief: true }).text
  } catch (error) {
    if (error instanceof DiagnosticError) return undefined
    throw error
  }
}

function diagnoseCurve(
  token: Token,
  span: Span,
  vocabulary: Vocabulary,
  { release = DEFAULT_RELEASE, config = NO_CONFIG }: EvaluateOptions,
): Diagnostic | undefined {
  const instruction = parseToken(token, vocabulary)
  const curve = instruction.kind === 'word' ? instruction.word.curve : undefined
  if (curve === undefined) return undefined
  const prohibition = algorithmRules(systemRules(config, release)).curves.get(curve)
  const data = { word: token.text, place: placeOf(prohibition) }
  return diagnose(PRIORITY_KINDS.disabledCurve, data, span)
}

/** Where a prohibition is written, or undefined where it is written nowhere. */
function placeOf(prohibition: Prohibition | undefined): string | undefined {
  return typeof prohibition === 'object' ? formatLocation(prohibition.span) : undefined
}

function diagnoseRelease(token: Token, span: Span, release: GnutlsRelease): Diagnostic | undefined {
  const has = GNUTLS_RELEASES.filter(
    (name) => parseToken(token, vocabularyOf(name)).kind !== 'unknown',
  )
  if (has.length === 0) return undefined
  const data = {
    word: token.text,
    release: describeRelease(release),
    has: has.map(describeRelease),
  }
  return diagnose(PRIORITY_KINDS.otherRelease, data, span)
}

function diagnoseWord(text: string, span: Span, vocabulary: Vocabulary): Diagnostic {
  const name = text.replace(/^[!+-]/, '')
  if (text.startsWith('%')) return diagnoseOption(text, span, vocabulary)
  if (findLevel(vocabulary, name) || toUpperAscii(name) === 'NONE') {
    return diagnose(PRIORITY_KINDS.misplacedLevel, { word: text }, span)
  }
  if (name === text && findWord(vocabulary, text)) {
    return diagnose(PRIORITY_KINDS.missingSign, { word: text }, span)
  }
  return unknownWord(text, span, vocabulary)
}

function diagnoseOption(text: string, span: Span, vocabulary: Vocabulary): Diagnostic {
  const option = toUpperAscii(text.slice(1))
  if (vocabulary.options.has(option)) {
    return diagnose(PRIORITY_KINDS.optionCase, { word: text, option }, span)
  }
  return unknownWord(text, span, vocabulary)
}

function unknownWord(text: string, span: Span, vocabulary: Vocabulary): Diagnostic {
  const sign = /^[!+-]/.exec(text)?.[0] ?? ''
  const words = text.startsWith('%')
    ? [...vocabulary.options.keys()].map((name) => `%${name}`)
    : [...vocabulary.levels.keys(), ...wordsOf(vocabulary)].map((name) => sign + name)
  const completed = complete(sign, text.slice(sign.length), vocabulary)
  const data = { word: text, release: describeRelease(vocabulary.release), words, completed }
  return diagnose(PRIORITY_KINDS.unknownWord, data, span)
}

/** Versions, groups and signatures have a beginning of their own, which is easily forgotten. */
function complete(sign: string, name: string, vocabulary: Vocabulary): string | undefined {
  const beginning = ['VERS-', 'GROUP-', 'SIGN-'].find((one) => findWord(vocabulary, one + name))
  return beginning && `${sign || '+'}${beginning}${name}`
}

function diagnoseLack(resolution: Resolution, options: EvaluateOptions): Diagnostic {
  const { culprit, what, missing, prohibition } = reportInsufficient(resolution, options)
  if (culprit) {
    const span = originOf(resolution, culprit.start, culprit.end)
    return diagnose(PRIORITY_KINDS.emptied, { what, token: culprit.text }, span)
  }
  const span = originOf(resolution, 0, resolution.text.length)
  const place = placeOf(prohibition)
  if (place) return diagnose(PRIORITY_KINDS.forbidden, { what, place }, span)
  return diagnose(PRIORITY_KINDS.insufficient, { what, missing: REMEDIES[missing] }, span)
}

const REMEDIES = {
  protocols: 'add versions: +VERS-TLS1.3:+VERS-TLS1.2',
  ciphers: 'add ciphers: +AES-256-GCM:+CHACHA20-POLY1305',
  macs: 'add MACs: +AEAD',
  keyExchanges: 'add key exchanges: +ECDHE-ECDSA:+ECDHE-RSA',
  groups: 'add groups: +GROUP-ALL',
  signatures: 'add signature algorithms: +SIGN-ALL',
  clientCertificates: 'add certificate types: +CTYPE-X509',
  serverCertificates: 'add certificate types: +CTYPE-X509',
  combination: 'AEAD goes with GCM, CCM and CHACHA20-POLY1305; SHA1 and SHA256 with CBC',
}

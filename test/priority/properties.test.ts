/** Whatever text comes in, every entry point ends, and throws nothing but a DiagnosticError. */

import { describe, it } from 'vitest'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { printDiagnostic } from '../../src/diagnostics/print-diagnostic.ts'
import { spanText } from '../../src/diagnostics/source.ts'
import { allowedTls, evaluatePriority } from '../../src/priority/evaluate.ts'
import { diffOutcomes } from '../../src/priority/evaluation-difference.ts'
import { diagnoseFailure, requirePriority } from '../../src/priority/failure/failure-diagnostics.ts'
import { GNUTLS_RELEASES } from '../../src/priority/releases.ts'
import { isResolved, resolvePriority } from '../../src/priority/resolve.ts'
import { explainPriority } from '../../src/priority/string-explanation.ts'
import { parseSystemConfig } from '../../src/priority/system-config.ts'
import { systemRules } from '../../src/priority/system-rules.ts'
import { MAX_TOKENS, tokenize } from '../../src/priority/token.ts'
import { findVerdict } from '../../src/priority/verdict.ts'
import { fc } from '../seed.ts'
import { listPriority } from './list-priority.ts'
import { Random, randomCase } from './random-priorities.ts'

const anyRelease = fc.constantFrom(...GNUTLS_RELEASES)
/** Both plausible and absurd: from the generator of the differential test, or any text. */
const anyCase = fc.oneof(
  fc.integer({ min: 0 }).map((seed) => randomCase(new Random(seed))),
  fc.record({
    priority: fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.string({ unit: fc.constantFrom('@', ':', ',', '+', '-', '%', ' ', 'A', 'NORMAL') }),
    ),
    config: fc.string({ unit: fc.constantFrom('[', ']', '=', '\n', '#', ' ', 'A', '\0', 'é') }),
  }),
)

function given(text: string): { name: string; text: string } {
  return { name: 'property', text }
}

function configOf(text: string | undefined): ReturnType<typeof parseSystemConfig> {
  return parseSystemConfig({ name: 'config', text: text ?? '' })
}

describe('any priority string with any configuration', () => {
  it('lists, explains and asks why without a crash', () => {
    fc.assert(
      fc.property(anyCase, anyRelease, ({ priority, config }, release) => {
        const options = { release, config: configOf(config) }
        const { status } = listPriority(priority, options)
        const { steps, outcome } = explainPriority(given(priority), options)
        if (outcome.ok) allowedTls(outcome.evaluation)
        findVerdict(given(priority), { kind: 'suite', name: 'TLS_AES_128_GCM_SHA256' }, options)
        return (status === 0) === outcome.ok && steps.length <= MAX_TOKENS
      }),
    )
  })

  it('is refused with a DiagnosticError that prints, or not at all', () => {
    fc.assert(
      fc.property(anyCase, anyRelease, ({ priority, config }, release) => {
        const options = { release, config: configOf(config) }
        const outcome = evaluatePriority(given(priority), options)
        try {
          requirePriority(given(priority), options)
          return outcome.ok
        } catch (error) {
          if (!(error instanceof DiagnosticError)) throw error
          for (const diagnostic of error.diagnostics) printDiagnostic(diagnostic)
          return !outcome.ok && diagnoseFailure(outcome.failure, options).severity === 'error'
        }
      }),
    )
  })

  it('does not differ from itself', () => {
    fc.assert(
      fc.property(anyCase, anyRelease, ({ priority, config }, release) => {
        const options = { release, config: configOf(config) }
        const outcome = evaluatePriority(given(priority), options)
        return diffOutcomes(outcome, evaluatePriority(given(priority), options)).length === 0
      }),
    )
  })

  it('resolves to text whose every piece stands where it says', () => {
    fc.assert(
      fc.property(anyCase, anyRelease, ({ priority, config }, release) => {
        const resolution = resolvePriority(given(priority), configOf(config), release)
        if (!isResolved(resolution)) return true
        const verbatim = resolution.segments.filter((segment) => segment.verbatim)
        return verbatim.every(
          ({ start, end, span }) => resolution.text.slice(start, end) === spanText(span),
        )
      }),
    )
  })
})

describe('any configuration file', () => {
  it('keeps the place of every value', () => {
    fc.assert(
      fc.property(anyCase, ({ config }) =>
        configOf(config).entries.every(({ value, span }) => spanText(span) === value),
      ),
    )
  })

  it('has no rules where it is malformed', () => {
    fc.assert(
      fc.property(anyCase, anyRelease, ({ config }, release) => {
        const parsed = configOf(config)
        const rules = systemRules(parsed, release)
        return !parsed.malformed || (rules.priorities.size === 0 && rules.settings.size === 0)
      }),
    )
  })
})

describe('the tokens of any string', () => {
  it('join up to the string again where there are no spaces and few tokens', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(':', 'A', '+'), maxLength: 100 }), (text) => {
        const tokens = tokenize(text)
        return tokens.map((token) => token.text).join(':') === text
      }),
    )
  })
})

/** Lint rule: a directive that never has an effect. */
import { type Diagnostic, diagnose } from '../../diagnostics/diagnostic.ts'
import { formatLocation } from '../../diagnostics/source.ts'
import type { Directive } from '../directive.ts'
import { PROPERTY_NAMES, type PropertyName } from '../properties.ts'
import { printDirective, writtenStatement } from '../provenance.ts'
import { spanOf } from '../syntax.ts'
import { findIneffective, type Ineffective } from './effect-analysis.ts'
import { LINT_KINDS } from './lint-diagnostics.ts'
import { GIVEN, initialState } from './list-state.ts'
import type { LintContext, LintFile, LintRule } from './rule.ts'

/**
 * A file is judged on top of what stands before it, never by what comes after it: that a module
 * overrides its base is what modules are for. A module is judged twice, for any base at all and
 * for the base that it is layered on.
 */
export const noEffect: LintRule = {
  name: 'no-effect',
  summary: 'A directive that changes nothing misleads its readers: they believe it.',
  kinds: [LINT_KINDS.noEffect, LINT_KINDS.noEffectHere, LINT_KINDS.statesDefault],
  evaluates: true,
  check: (context) => PROPERTY_NAMES.flatMap((property) => checkProperty(context, property)),
}

function checkProperty(context: LintContext, property: PropertyName): readonly Diagnostic[] {
  return context.files.flatMap((file, index) => {
    const own = file.directives.filter((directive) => directive.property === property)
    if (own.length === 0) return []
    if (file.kind === 'base') return findIneffective(own, initialState(property)).map(reportAlways)
    const always = findIneffective(own, GIVEN)
    const below = context.files.slice(0, index)
    const here = context.hasBase ? findOnTopOf(below, own, property, always) : []
    return [...always.map(reportAlways), ...here]
  })
}

/** What has no effect on this base, though it might on another. */
function findOnTopOf(
  below: readonly LintFile[],
  own: readonly Directive[],
  property: PropertyName,
  always: readonly Ineffective[],
): readonly Diagnostic[] {
  const known = new Set(always.map(({ directive }) => directive))
  const rest = own.filter((directive) => !known.has(directive))
  const before = below.flatMap((file) => file.directives).filter((d) => d.property === property)
  const base = below.map((file) => file.source.name).join(' and ')
  return findIneffective([...before, ...rest], initialState(property), new Set(rest)).map(
    ({ directive, cause }) => {
      const data = { directive: printDirective(directive), base, reason: reasonOf(cause) }
      return diagnose(LINT_KINDS.noEffectHere, data, placeOf(directive))
    },
  )
}

function reportAlways({ directive, cause }: Ineffective): Diagnostic {
  const text = printDirective(directive)
  const span = placeOf(directive)
  if (cause.kind === 'default') return diagnose(LINT_KINDS.statesDefault, { directive: text }, span)
  return diagnose(LINT_KINDS.noEffect, { directive: text, reason: reasonOf(cause) }, span)
}

function reasonOf(cause: Ineffective['cause']): string {
  if (cause.kind === 'overridden') return `overridden at ${formatLocation(placeOf(cause.by))}`
  return cause.kind === 'default' ? 'it states the default' : 'what it asks for holds already'
}

function placeOf(directive: Directive) {
  return spanOf(writtenStatement(directive))
}

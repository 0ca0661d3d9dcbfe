/** Which directive made a property what it is: every step of its evaluation, kept. */
import type { Directive } from './directive.ts'
import { applyOperation } from './effective-policy.ts'
import type { Policy } from './policy.ts'
import {
  CHOICE_VALUES,
  INTEGER_DEFAULTS,
  isAlgorithmClass,
  isIntegerName,
  type PropertyName,
} from './properties.ts'
import { type ScopeSet, selects } from './scope.ts'
import { type PolicyWord, printStatement, type Statement } from './syntax.ts'

/** What one directive did to a property. An integer or a choice is a list of one value. */
export type TraceStep = {
  readonly directive: Directive
  readonly before: readonly string[]
  readonly after: readonly string[]
}

/** What a property is where no directive sets it. */
export function defaultValues(property: PropertyName): readonly string[] {
  if (isAlgorithmClass(property)) return []
  return [String(isIntegerName(property) ? INTEGER_DEFAULTS[property] : CHOICE_VALUES[property][0])]
}

/** Every directive that these scopes select and that speaks of the property, in order. */
export function traceProperty(
  policy: Policy,
  scopes: ScopeSet,
  property: PropertyName,
): readonly TraceStep[] {
  const steps: TraceStep[] = []
  let before = defaultValues(property)
  for (const directive of policy.directives) {
    if (directive.property !== property || !selects(directive.selector, scopes)) continue
    const after = applyDirective(before, directive)
    steps.push({ directive, before, after })
    before = after
  }
  return steps
}

/** The values that a trace ends with. */
export function tracedValues(
  steps: readonly TraceStep[],
  property: PropertyName,
): readonly string[] {
  return steps.at(-1)?.after ?? defaultValues(property)
}

/** The last directive that changed whether a value is enabled. */
export function decidingStep(steps: readonly TraceStep[], value: string): TraceStep | undefined {
  return steps.findLast(({ before, after }) => before.includes(value) !== after.includes(value))
}

/** The word of a directive that names a value, last of several. */
export function wordFor(directive: Directive, value: string): PolicyWord | undefined {
  const named = directive.operations.findLast(
    (operation) => operation.kind !== 'reset' && String(operation.value) === value,
  )
  return named && named.kind !== 'reset' ? named.word : undefined
}

/** The statement as it stands in the file, before deprecated forms were replaced. */
export function writtenStatement(directive: Directive): Statement {
  let statement = directive.statement
  while (statement.replaces) statement = statement.replaces
  return statement
}

/** `cipher@tls = -RC4-*`: the directive as written, on one line. */
export function printDirective(directive: Directive): string {
  return printStatement(writtenStatement(directive))
}

function applyDirective(values: readonly string[], directive: Directive): readonly string[] {
  let result = values
  for (const operation of directive.operations) {
    result =
      operation.kind === 'set' ? [String(operation.value)] : applyOperation(result, operation)
  }
  return result
}

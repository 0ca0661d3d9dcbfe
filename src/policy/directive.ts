/** Turns statements into directives: what a line of a policy does, and to which back-ends. */
import {
  ALGORITHM_CLASSES,
  type AlgorithmClass,
  findAlgorithm,
  namesOf,
} from '../algorithms/algorithm-class.ts'
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts'
import { FORMER_PROPERTIES } from './deprecated.ts'
import { POLICY_KINDS } from './policy-diagnostics.ts'
import { matchGlob } from './posix-glob.ts'
import {
  CHOICE_VALUES,
  type ChoiceName,
  INTEGER_LIMIT,
  type IntegerName,
  isAlgorithmClass,
  isChoiceName,
  isIntegerName,
  PROPERTY_NAMES,
  type PropertyName,
} from './properties.ts'
import { parseScope, type ScopeSelector } from './scope.ts'
import { type PolicyWord, type Statement, spanOf } from './syntax.ts'

/** One step of a directive. `word` is the value that asked for it. */
export type Operation =
  | { readonly kind: 'reset' }
  | {
      readonly kind: 'prepend' | 'append' | 'omit'
      readonly value: string
      readonly word: PolicyWord
    }
  | { readonly kind: 'set'; readonly value: number | string; readonly word: PolicyWord }

export type ListOperation = Exclude<Operation, { kind: 'set' }>

/** A line of a policy, understood. */
export type Directive = {
  readonly property: PropertyName
  readonly selector: ScopeSelector
  readonly operations: readonly Operation[]
  readonly statement: Statement
}

/** Understands a statement, or reports why it means nothing. */
export function readDirective(
  statement: Statement,
  diagnostics: Diagnostic[],
): Directive | undefined {
  const selector = parseScope(statement, diagnostics)
  const property = readProperty(statement, diagnostics)
  if (property === undefined) return undefined
  const operations = readOperations(statement, property, diagnostics)
  if (!selector || !operations) return undefined
  return { property, selector, operations, statement }
}

function readProperty(statement: Statement, diagnostics: Diagnostic[]): PropertyName | undefined {
  const name = statement.property.text
  if (isAlgorithmClass(name) || isIntegerName(name) || isChoiceName(name)) return name
  const former = FORMER_PROPERTIES.includes(name)
  const span = spanOf(statement, statement.property)
  diagnostics.push(
    former
      ? diagnose(POLICY_KINDS.formerProperty, { name }, span)
      : diagnose(POLICY_KINDS.unknownProperty, { name, known: PROPERTY_NAMES }, span),
  )
  return undefined
}

function readOperations(
  statement: Statement,
  property: PropertyName,
  diagnostics: Diagnostic[],
): readonly Operation[] | undefined {
  if (isIntegerName(property)) return readInteger(statement, property, diagnostics)
  const only = statement.values.length === 1 ? statement.values[0] : undefined
  if (only && /^[0-9]+$/.test(only.text)) {
    const data = { property, text: only.text }
    diagnostics.push(diagnose(POLICY_KINDS.integerUnexpected, data, spanOf(statement, only)))
    return undefined
  }
  return isChoiceName(property)
    ? readChoice(statement, property, diagnostics)
    : readList(statement, property, diagnostics)
}

/** Integer : [0-9]+ */
function readInteger(
  statement: Statement,
  property: IntegerName,
  diagnostics: Diagnostic[],
): readonly Operation[] | undefined {
  const word = statement.values[0]
  const text = statement.values.map((value) => value.text).join(' ')
  if (!word || !/^[0-9]+$/.test(text)) {
    const data = { property, text }
    diagnostics.push(diagnose(POLICY_KINDS.integerExpected, data, valuesSpan(statement)))
    return undefined
  }
  const value = Number(text)
  if (value > INTEGER_LIMIT) {
    const data = { property, text }
    diagnostics.push(diagnose(POLICY_KINDS.integerTooLarge, data, spanOf(statement, word)))
    return undefined
  }
  return [{ kind: 'set', value, word }]
}

/** Choice : one of the property's words */
function readChoice(
  statement: Statement,
  property: ChoiceName,
  diagnostics: Diagnostic[],
): readonly Operation[] | undefined {
  const known: readonly string[] = CHOICE_VALUES[property]
  const text = statement.values.map((value) => value.text).join(' ')
  const word = statement.values[0]
  if (word && known.includes(text)) return [{ kind: 'set', value: text, word }]
  const data = { property, text, known }
  diagnostics.push(diagnose(POLICY_KINDS.unknownChoice, data, valuesSpan(statement)))
  return undefined
}

/** List : Name* | ( `+` Name | Name `+` | `-` Name )+ */
function readList(
  statement: Statement,
  property: AlgorithmClass,
  diagnostics: Diagnostic[],
): readonly Operation[] | undefined {
  const changes = statement.values.filter((word) => /^[+-]|\+$/.test(word.text))
  if (changes.length > 0 && changes.length < statement.values.length) {
    const odd = statement.values.find((word) => !changes.includes(word)) ?? statement.property
    const values = statement.values.map((word) => word.text).join(' ')
    const data = { property, values }
    diagnostics.push(diagnose(POLICY_KINDS.mixedList, data, spanOf(statement, odd)))
    return undefined
  }
  const steps = statement.values.map((word) => readStep(statement, property, word, diagnostics))
  if (!steps.every((step) => step.length > 0)) return undefined
  return changes.length === 0 ? [{ kind: 'reset' }, ...steps.flat()] : steps.flat()
}

/**
 * A wildcard stands for all it matches in table order. With `+` on either side the matches are
 * taken last first: prepended one by one they end up in table order, appended in reverse.
 */
function readStep(
  statement: Statement,
  property: AlgorithmClass,
  word: PolicyWord,
  diagnostics: Diagnostic[],
): readonly ListOperation[] {
  const { text } = word
  const kind = text.startsWith('+') ? 'prepend' : text.startsWith('-') ? 'omit' : 'append'
  const isPrefixed = kind !== 'append'
  const isSuffixed = !isPrefixed && text.endsWith('+')
  const pattern = text.slice(isPrefixed ? 1 : 0, isSuffixed ? -1 : undefined)
  const values = findValues(statement, property, word, pattern, diagnostics)
  const ordered = kind === 'prepend' || isSuffixed ? values.toReversed() : values
  return ordered.map((value) => ({ kind, value, word }))
}

function findValues(
  statement: Statement,
  property: AlgorithmClass,
  word: PolicyWord,
  pattern: string,
  diagnostics: Diagnostic[],
): readonly string[] {
  const known = namesOf(property)
  const values = matchGlob(pattern, known as readonly string[])
  const span = spanOf(statement, word)
  if (values.length === 0) {
    const otherClass = ALGORITHM_CLASSES.find((other) => findAlgorithm(other, pattern))
    const data = { name: pattern, property, known, otherClass }
    diagnostics.push(diagnose(POLICY_KINDS.unknownAlgorithm, data, span))
  }
  const experimental = values.filter((value) => findAlgorithm(property, value)?.experimental)
  if (experimental.length > 0 && !statement.quiet) {
    const data = { property, values: experimental }
    diagnostics.push(diagnose(POLICY_KINDS.experimentalValue, data, span))
  }
  return values
}

function valuesSpan(statement: Statement) {
  const first = statement.values[0]
  const last = statement.values.at(-1)
  return spanOf(statement, first && last ? { start: first.start, end: last.end } : statement)
}

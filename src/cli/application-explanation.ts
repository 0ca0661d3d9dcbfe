/** `cryptopolicy explain --app`: whether an application may use something of TLS, and which lines say so. */
import type { AlgorithmClass } from '../algorithms/algorithm-class.ts'
import { findTlsSuiteByOpensslName } from '../algorithms/tls-suite-openssl.ts'
import { findTlsSuiteByName } from '../algorithms/tls-suites.ts'
import { purposesOf } from '../backends/applications/all-application-backends.ts'
import { policyName } from '../backends/library-words.ts'
import { fail } from '../diagnostics/diagnostic.ts'
import type { ApplicationPolicy } from '../policy/application/application-policy.ts'
import type { Policy } from '../policy/policy.ts'
import { type PurposeName, purpose } from '../policy/scope.ts'
import { partsOfSuite, type TlsPart } from '../policy/tls-parts.ts'
import { explainValue, type ValueExplanation } from '../policy/value-explanation.ts'
import { printValueExplanation, valueToJson } from '../report/explanation.ts'
import { CLI_KINDS } from './cli-diagnostics.ts'
import type { Terminal } from './terminal.ts'

/** What is asked about; one of them. */
export type TlsQuestion = {
  readonly suite?: string | undefined
  readonly group?: string | undefined
  readonly sign?: string | undefined
  readonly protocol?: string | undefined
}

/** Whether any of the questions is asked. */
export function asksAboutTls({ suite, group, sign, protocol }: TlsQuestion): boolean {
  return [suite, group, sign, protocol].some((word) => word !== undefined)
}

type Answer = {
  readonly purpose: PurposeName
  readonly allowed: boolean
  /** One for each part that has to be enabled. */
  readonly values: readonly ValueExplanation[]
}

/** Answers for each purpose that a back-end of the application asks for. */
export function explainForApplication(
  layered: Policy,
  application: ApplicationPolicy,
  question: TlsQuestion,
  terminal: Terminal,
): void {
  const { name, parts } = readQuestion(question)
  const answers = purposesOf(application.backends).map((one): Answer => {
    const values = parts.map((part) => explainPart(layered, one, part))
    return { purpose: one, allowed: values.every(({ enabled }) => enabled), values }
  })
  if (terminal.options.json) {
    const told = answers.map((answer) => ({ ...answer, values: answer.values.map(valueToJson) }))
    terminal.setResult({ kind: 'parts', policy: layered.name, name, purposes: told })
    return
  }
  for (const { purpose: where, allowed, values } of answers) {
    terminal.print(`${name} is ${allowed ? '' : 'not '}allowed for ${application.name} (${where})`)
    const shown = allowed ? values : values.filter(({ enabled }) => !enabled)
    const lines = shown.flatMap((value) => printValueExplanation(layered.name, value))
    for (const line of lines) terminal.print(`  ${line}`)
  }
}

/** Of several values that would do, one that is enabled. */
function explainPart(policy: Policy, name: PurposeName, part: TlsPart): ValueExplanation {
  const { scopes } = purpose(name)
  const found = part.values.map((value) => explainValue(policy, scopes, part.property, value))
  const chosen = found.find(({ enabled }) => enabled) ?? found[0]
  return chosen ?? explainValue(policy, scopes, part.property, part.values[0] ?? '')
}

function readQuestion(question: TlsQuestion): { name: string; parts: readonly TlsPart[] } {
  const asked = Object.entries(question).flatMap(([what, word]) =>
    word === undefined ? [] : [[what, word] as const],
  )
  const [[what, word] = ['', ''], second] = asked
  if (second) fail(CLI_KINDS.conflictingOptions, { first: `--${what}`, second: `--${second[0]}` })
  if (what !== 'suite') {
    const value = policyName(word).toUpperCase()
    return { name: word, parts: [{ property: what as AlgorithmClass, values: [value] }] }
  }
  const suite =
    findTlsSuiteByName(word.toUpperCase()) ??
    findTlsSuiteByName(word) ??
    findTlsSuiteByOpensslName(word.toUpperCase())
  if (!suite) {
    const hint = 'name it as the registry does: TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384'
    return fail(CLI_KINDS.missingOption, { what: `\`${word}\` is no cipher suite`, hint })
  }
  return { name: suite.name, parts: partsOfSuite(suite) }
}

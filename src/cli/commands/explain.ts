/** `cryptopolicy explain`: who decided that a value is on or off. */
import type { Command } from 'commander'
import { fail } from '../../diagnostics/diagnostic.ts'
import type { ApplicationPolicy } from '../../policy/application/application-policy.ts'
import type { Policy } from '../../policy/policy.ts'
import type { PropertyName } from '../../policy/properties.ts'
import type { ScopeSet } from '../../policy/scope.ts'
import type { PropertyExplanation, ValueExplanation } from '../../policy/value-explanation.ts'
import { CLI_KINDS } from '../cli-diagnostics.ts'
import { terminalFor, withDirectories, withOutput } from '../command.ts'
import type { PriorityExplainOptions } from '../explain-priority.ts'
import { withPriorityOptions } from '../priority-options.ts'
import type { Terminal } from '../terminal.ts'

type Options = PriorityExplainOptions & {
  readonly priority?: string
  readonly scope?: string
  readonly value?: string
  readonly property?: string
  readonly app?: string
}

export function addExplain(program: Command): void {
  const command = program
    .command('explain')
    .summary('who decided that a value is on or off')
    .description(
      'Name every line of a policy, or token of a priority string, that touched something, and the one that decided.',
    )
    .argument('[POLICY]', 'for instance DEFAULT:NO-SHA1; without it the configured one')
    .option('--scope <SCOPE>', 'under a scope, for instance ssh; without it, everywhere else')
    .option('--value <VALUE>', 'an algorithm or another value, for instance AES-128-CBC')
    .option('--property <PROPERTY>', 'a property, for instance min_rsa_size')
    .option(
      '--all',
      'also list lines that name the value for other scopes; with --priority all names',
    )
    .option('--priority <PRIORITY>', 'explain a priority string instead, token by token')
    .option('--app <NAME>', 'explain what holds for an application, by its policy')
    .option('--suite <SUITE>', 'whether --priority or --app allows a cipher suite, and why')
    .option('--group <GROUP>', 'the same for a group')
    .option('--sign <SIGNATURE>', 'the same for a signature algorithm')
    .option('--protocol <PROTOCOL>', 'the same for a protocol version')
  withOutput(withDirectories(withPriorityOptions(command))).action(explain)
}

async function explain(name: string | undefined, options: Options): Promise<void> {
  const { priority, app } = options
  if (priority !== undefined && app !== undefined) {
    fail(CLI_KINDS.conflictingOptions, { first: '--priority', second: '--app' })
  }
  if (priority === undefined) return explainPolicy(name, options)
  if (name !== undefined) {
    fail(CLI_KINDS.conflictingOptions, { first: `POLICY (${name})`, second: '--priority' })
  }
  const { explainPriorityString } = await import('../explain-priority.ts')
  await explainPriorityString(priority, options, terminalFor(options))
}

async function explainPolicy(name: string | undefined, options: Options): Promise<void> {
  if (isWithoutQuestion(options)) await refuseWithoutQuestion(name, options)
  const { loadAskedPolicy } = await import('../named-policy.ts')
  const terminal = terminalFor(options)
  const { report } = terminal
  const { policy, application } = await loadAskedPolicy(name, options.app, options, report)
  if (application) {
    const { asksAboutTls, explainForApplication } = await import('../application-explanation.ts')
    const { suite, group, sign, protocol } = options
    const question = { suite, group, sign, protocol }
    if (asksAboutTls(question)) {
      return explainForApplication(policy, application, question, terminal)
    }
  }
  const scopes = await scopesFor(options.scope, application)
  if (options.value !== undefined) await explainValues(policy, scopes, options, terminal)
  else await explainProperties(policy, scopes, options, terminal)
}

/** Those of --scope; else those of the application's first back-end, or none. */
async function scopesFor(
  scope: string | undefined,
  application: ApplicationPolicy | undefined,
): Promise<ScopeSet> {
  const { findScopes } = await import('../../policy/command-line-words.ts')
  const { NO_SCOPES, purpose } = await import('../../policy/scope.ts')
  if (scope !== undefined) return findScopes(scope)
  if (!application) return NO_SCOPES
  const { purposesOf } = await import('../../backends/applications/all-application-backends.ts')
  const [first] = purposesOf(application.backends)
  return first ? purpose(first).scopes : NO_SCOPES
}

/** An application can also be asked about suites and the like. */
function isWithoutQuestion({ value, property, app }: Options): boolean {
  return value === undefined && property === undefined && app === undefined
}

/** Users who ask about the policy in force may write the value where others write the policy. */
async function refuseWithoutQuestion(
  name: string | undefined,
  { suite, group, sign, protocol }: Options = {},
): Promise<never> {
  const { isValue } = await import('../../policy/command-line-words.ts')
  const { policyName } = await import('../../backends/library-words.ts')
  const { ALGORITHM_CLASSES } = await import('../../algorithms/algorithm-class.ts')
  // DEFAULT is a value too, of a choice, and is meant as the policy.
  const isMeantAsValue =
    name !== undefined && ALGORITHM_CLASSES.some((property) => isValue(policyName(name), property))
  const asked = Object.entries({ suite, group, sign, protocol }).find(([, word]) => word)
  if (asked) {
    const [option, word] = asked
    const hint = `whose: cryptopolicy explain --priority @SYSTEM --${option} ${word}, or --app NAME --${option} ${word}`
    fail(CLI_KINDS.missingOption, { what: `--${option} needs --priority or --app`, hint })
  }
  const hint = isMeantAsValue
    ? `for instance: cryptopolicy explain --value ${name}`
    : 'for instance: --scope ssh --value AES-128-CBC'
  return fail(CLI_KINDS.missingOption, { what: 'explain needs --value or --property', hint })
}

async function explainValues(
  policy: Policy,
  scopes: ScopeSet,
  options: Options,
  terminal: Terminal,
): Promise<void> {
  const { explainValue } = await import('../../policy/value-explanation.ts')
  const { findPropertiesOf, findProperty } = await import('../../policy/command-line-words.ts')
  const report = await import('../../report/explanation.ts')
  const asked = options.property === undefined ? undefined : findProperty(options.property)
  const value = await nameOfPolicies(options.value ?? '', asked)
  const properties = asked === undefined ? findPropertiesOf(value) : [asked]
  const explained: readonly ValueExplanation[] = properties.map((property) =>
    explainValue(policy, scopes, property, value, { includeUnselected: options.all ?? false }),
  )
  if (options.json) {
    const values = explained.map(report.valueToJson)
    return terminal.setResult({ kind: 'values', policy: policy.name, values })
  }
  const lines = explained.flatMap((one) => report.printValueExplanation(policy.name, one))
  for (const line of lines) terminal.print(line)
  const all = { includeUnselected: true }
  const isUntouched = explained.every(({ steps }) => steps.length === 0)
  if (
    isUntouched &&
    properties.some((one) => explainValue(policy, scopes, one, value, all).steps.length > 0)
  ) {
    terminal.note('lines for other scopes name it: --all shows them, and --scope asks for one')
  }
}

/** The value as policies name it, whichever library's word it is. */
async function nameOfPolicies(word: string, property: PropertyName | undefined): Promise<string> {
  const { isValue } = await import('../../policy/command-line-words.ts')
  if (property === undefined && /^[0-9]+$/.test(word)) {
    const hint = `for instance: --property min_rsa_size --value ${word}`
    fail(CLI_KINDS.missingOption, { what: 'a number needs --property', hint })
  }
  if (isValue(word, property)) return word
  const { policyName } = await import('../../backends/library-words.ts')
  const { findTlsSuiteByName } = await import('../../algorithms/tls-suites.ts')
  const { findTlsSuiteByOpensslName } = await import('../../algorithms/tls-suite-openssl.ts')
  const name = policyName(word)
  const suite = findTlsSuiteByName(word) ?? findTlsSuiteByOpensslName(word.toUpperCase())
  if (!suite || isValue(name, property)) return name
  const hint = `explain its parts, or: cryptopolicy explain --priority @SYSTEM --suite ${word}`
  return fail(CLI_KINDS.missingOption, { what: `${word} is a suite, which no policy names`, hint })
}

async function explainProperties(
  policy: Policy,
  scopes: ScopeSet,
  options: Options,
  terminal: Terminal,
): Promise<void> {
  if (options.property === undefined) return refuseWithoutQuestion(undefined)
  const { explainProperty } = await import('../../policy/value-explanation.ts')
  const { findProperty } = await import('../../policy/command-line-words.ts')
  const report = await import('../../report/explanation.ts')
  const property = findProperty(options.property)
  const explained: PropertyExplanation = explainProperty(policy, scopes, property)
  if (options.json) {
    const told = report.propertyToJson(explained)
    return terminal.setResult({ kind: 'property', policy: policy.name, property: told })
  }
  for (const line of report.printPropertyExplanation(policy.name, explained)) terminal.print(line)
}

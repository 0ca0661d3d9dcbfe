/** `cryptopolicy explain`: who decided that a value is on or off. */
import type { Command } from 'commander'
import { fail } from '../../diagnostics/diagnostic.ts'
import type { PropertyExplanation, ValueExplanation } from '../../policy/explain.ts'
import type { Policy } from '../../policy/policy.ts'
import type { ScopeSet } from '../../policy/scope.ts'
import { CLI_KINDS } from '../cli-diagnostics.ts'
import { type CommonOptions, terminalFor, withDirectories, withOutput } from '../command.ts'
import type { Terminal } from '../terminal.ts'

type Options = CommonOptions & {
  readonly scope?: string
  readonly value?: string
  readonly property?: string
  readonly all?: true
}

export function addExplain(program: Command): void {
  const command = program
    .command('explain')
    .summary('who decided that a value is on or off')
    .description('Name every line that touched a value or a property, and the one that decided.')
    .argument('<POLICY>', 'for instance DEFAULT:NO-SHA1')
    .option('--scope <SCOPE>', 'under a scope, for instance ssh; without it, everywhere else')
    .option('--value <VALUE>', 'an algorithm or another value, for instance AES-128-CBC')
    .option('--property <PROPERTY>', 'a property, for instance min_rsa_size')
    .option('--all', 'also list lines that name the value for other scopes')
  withOutput(withDirectories(command)).action(explain)
}

async function explain(name: string, options: Options): Promise<void> {
  const { loadNamedPolicy } = await import('../named-policy.ts')
  const { findScopes } = await import('../../policy/vocabulary.ts')
  const { NO_SCOPES } = await import('../../policy/scope.ts')
  const terminal = terminalFor(options)
  const policy = loadNamedPolicy(name, options, terminal.report)
  const scopes = options.scope === undefined ? NO_SCOPES : findScopes(options.scope)
  if (options.value !== undefined) await explainValues(policy, scopes, options, terminal)
  else await explainProperties(policy, scopes, options, terminal)
}

async function explainValues(
  policy: Policy,
  scopes: ScopeSet,
  options: Options,
  terminal: Terminal,
): Promise<void> {
  const { explainValue } = await import('../../policy/explain.ts')
  const { findPropertiesOf, findProperty } = await import('../../policy/vocabulary.ts')
  const report = await import('../../report/explanation.ts')
  const value = options.value ?? ''
  if (options.property === undefined && /^[0-9]+$/.test(value)) {
    const hint = `for instance: --property min_rsa_size --value ${value}`
    fail(CLI_KINDS.missingOption, { what: 'a number needs --property', hint })
  }
  const properties =
    options.property === undefined ? findPropertiesOf(value) : [findProperty(options.property)]
  const explained: readonly ValueExplanation[] = properties.map((property) =>
    explainValue(policy, scopes, property, value, { includeUnselected: options.all ?? false }),
  )
  if (options.json) return terminal.printJson(explained.map(report.valueToJson))
  const lines = explained.flatMap((one) => report.printValueExplanation(policy.name, one))
  for (const line of lines) terminal.print(line)
}

async function explainProperties(
  policy: Policy,
  scopes: ScopeSet,
  options: Options,
  terminal: Terminal,
): Promise<void> {
  if (options.property === undefined) {
    const hint = 'for instance: --scope ssh --value AES-128-CBC'
    fail(CLI_KINDS.missingOption, { what: 'explain needs --value or --property', hint })
  }
  const { explainProperty } = await import('../../policy/explain.ts')
  const { findProperty } = await import('../../policy/vocabulary.ts')
  const report = await import('../../report/explanation.ts')
  const property = findProperty(options.property)
  const explained: PropertyExplanation = explainProperty(policy, scopes, property)
  if (options.json) return terminal.printJson(report.propertyToJson(explained))
  for (const line of report.printPropertyExplanation(policy.name, explained)) terminal.print(line)
}

/** `cryptopolicy diff`: what differs between two policies, or two priority strings, by meaning. */
import type { Command } from 'commander'
import { fail } from '../../diagnostics/diagnostic.ts'
import { CLI_KINDS } from '../cli-diagnostics.ts'
import { terminalFor, withDirectories, withOutput } from '../command.ts'
import type { PriorityDiffOptions } from '../priority-comparison.ts'
import { releaseOption, withPriorityOptions } from '../priority-options.ts'

type Options = PriorityDiffOptions & { readonly causes?: true; readonly priority?: true }

export function addDiff(program: Command): void {
  const command = program
    .command('diff')
    .summary('what differs between two policies, or two priority strings')
    .description('Say what B allows more or less than A; for policies, under each scope.')
    .argument('<A>', 'a policy, for instance FUTURE')
    .argument('[B]', 'another one, for instance DEFAULT:NO-SHA1')
    .option('--causes', 'name the line behind each change')
    .option('--priority', 'A and B are priority strings')
    .addOption(releaseOption('--from <RELEASE>', 'A as this release'))
    .addOption(releaseOption('--to <RELEASE>', 'B, or A where there is no B, as this release'))
  withOutput(withDirectories(withPriorityOptions(command))).action(diff)
}

async function diff(a: string, b: string | undefined, options: Options): Promise<void> {
  if (options.priority) {
    const { comparePriorities } = await import('../priority-comparison.ts')
    return comparePriorities(a, b, options, terminalFor(options))
  }
  if (b === undefined) {
    const hint = 'for instance: cryptopolicy diff FUTURE DEFAULT'
    fail(CLI_KINDS.missingOption, { what: 'diff needs two policies', hint })
  }
  return diffPolicies(a, b, options)
}

async function diffPolicies(a: string, b: string, options: Options): Promise<void> {
  const { loadNamedPolicy } = await import('../named-policy.ts')
  const { comparePolicies } = await import('../../policy/compare.ts')
  const { comparisonToJson, printComparison } = await import('../../report/policy-comparison.ts')
  const terminal = terminalFor(options)
  const load = (name: string) => loadNamedPolicy(name, options, terminal.report)
  const comparison = comparePolicies(load(a), load(b))
  if (options.json) return terminal.setResult(comparisonToJson(comparison))
  const lines = printComparison(comparison, { showCauses: options.causes ?? false })
  for (const line of lines) terminal.printChange(line)
  if (lines.length === 0)
    terminal.note(`${comparison.before} and ${comparison.after} mean the same`)
}

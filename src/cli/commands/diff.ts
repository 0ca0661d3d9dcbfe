/** `cryptopolicy diff`: what differs between two policies, by meaning. */
import type { Command } from 'commander'
import { type CommonOptions, terminalFor, withDirectories, withOutput } from '../command.ts'

type Options = CommonOptions & { readonly causes?: true }

export function addDiff(program: Command): void {
  const command = program
    .command('diff')
    .summary('what differs between two policies')
    .description('Say what policy B allows more or less than policy A, for each scope.')
    .argument('<A>', 'a policy, for instance FUTURE')
    .argument('<B>', 'another one, for instance DEFAULT:NO-SHA1')
    .option('--causes', 'name the line behind each change')
  withOutput(withDirectories(command)).action(diff)
}

async function diff(a: string, b: string, options: Options): Promise<void> {
  const { loadNamedPolicy } = await import('../named-policy.ts')
  const { comparePolicies } = await import('../../policy/compare.ts')
  const { comparisonToJson, printComparison } = await import('../../report/policy-comparison.ts')
  const terminal = terminalFor(options)
  const load = (name: string) => loadNamedPolicy(name, options, terminal.report)
  const comparison = comparePolicies(load(a), load(b))
  if (options.json) return terminal.printJson(comparisonToJson(comparison))
  const lines = printComparison(comparison, { showCauses: options.causes ?? false })
  for (const line of lines) terminal.printChange(line)
  if (lines.length === 0)
    terminal.note(`${comparison.before} and ${comparison.after} mean the same`)
}

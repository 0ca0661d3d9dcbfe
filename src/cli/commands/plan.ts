/** `cryptopolicy plan`: what setting a policy would change. */
import type { Command } from 'commander'
import type { PolicyComparison } from '../../policy/compare.ts'
import { type CommonOptions, terminalFor, withDirectories, withOutput } from '../command.ts'
import { EXIT } from '../exit-codes.ts'

type Options = CommonOptions & { readonly set?: string; readonly causes?: true }

export function addPlan(program: Command): void {
  const command = program
    .command('plan')
    .summary('what setting a policy would change')
    .description('Say what update-policies would change, by meaning and by file. Changes nothing.')
    .option('--set <POLICY>', 'the policy to set; the configured one by default')
    .option('--causes', 'name the line behind each change')
  withOutput(withDirectories(command)).action(plan)
}

async function plan(options: Options): Promise<void> {
  const { findDirectories } = await import('../../system/directories.ts')
  const { planPolicy } = await import('../../system/plan.ts')
  const { comparisonToJson, printComparison } = await import('../../report/policy-comparison.ts')
  const terminal = terminalFor(options)
  const planned = await planPolicy(findDirectories(options), options.set)
  const { before, after, comparison, applications, files } = planned
  planned.diagnostics.forEach(terminal.report)
  process.exitCode = files.length > 0 ? EXIT.changes : EXIT.done
  if (options.json) {
    const meaning = comparison ? comparisonToJson(comparison) : null
    const ofApplications = applications.map(({ name, comparison: changes }) => ({
      name,
      comparison: comparisonToJson(changes),
    }))
    const told = { before: before ?? null, after, comparison: meaning }
    return terminal.setResult({ ...told, applications: ofApplications, files })
  }
  if (files.length === 0) return terminal.print(`${after} is in force; nothing would change`)
  terminal.print(before === after ? after : `${before ?? 'no policy'} -> ${after}`)
  const print = (changes: PolicyComparison) =>
    printComparison(changes, { showCauses: options.causes ?? false })
  for (const line of comparison ? print(comparison) : []) terminal.printChange(line)
  for (const { name, comparison: changes } of applications) {
    const lines = print(changes)
    terminal.print(`application ${name}:${lines.length === 0 ? ' no change' : ''}`)
    for (const line of lines) terminal.printChange(`  ${line}`)
  }
  terminal.print(`files: ${files.join(' ')}`)
}

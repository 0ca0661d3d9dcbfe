/** `cryptopolicy plan`: what setting a policy would change. */
import type { Command } from 'commander'
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
  const { before, after, comparison, files } = planned
  planned.diagnostics.forEach(terminal.report)
  process.exitCode = files.length > 0 ? EXIT.changes : EXIT.done
  if (options.json) {
    const meaning = comparison ? comparisonToJson(comparison) : null
    return terminal.setResult({ before: before ?? null, after, comparison: meaning, files })
  }
  if (files.length === 0) return terminal.print(`${after} is in force; nothing would change`)
  terminal.print(before === after ? after : `${before ?? 'no policy'} -> ${after}`)
  const lines = comparison
    ? printComparison(comparison, { showCauses: options.causes ?? false })
    : []
  for (const line of lines) terminal.printChange(line)
  terminal.print(`files: ${files.join(' ')}`)
}

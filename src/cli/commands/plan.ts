/** `cryptopolicy plan`: what setting a policy would change. */
import type { Command } from 'commander'
import { type CommonOptions, terminalFor, withDirectories, withOutput } from '../command.ts'
import { EXIT } from '../exit-codes.ts'

type Options = CommonOptions & { readonly set?: string }

export function addPlan(program: Command): void {
  const command = program
    .command('plan')
    .summary('what setting a policy would change')
    .description('Say what update-policies would change, by meaning and by file. Changes nothing.')
    .option('--set <POLICY>', 'the policy to set; the configured one by default')
  withOutput(withDirectories(command)).action(plan)
}

async function plan(options: Options): Promise<void> {
  const { findDirectories } = await import('../../system/directories.ts')
  const { listChanges, preparePolicy, selectPolicy } = await import('../../system/apply.ts')
  const directories = findDirectories(options)
  const terminal = terminalFor(options)
  const prepared = preparePolicy(directories, selectPolicy(directories, options.set))
  const files = listChanges(directories, prepared, options.set !== undefined)
  if (options.json) terminal.printJson({ files })
  else for (const file of files) terminal.print(file)
  process.exitCode = files.length > 0 ? EXIT.changes : EXIT.done
}

/** `cryptopolicy audit`: what servers accept, held against policies and other yardsticks. */
import { type Command, Option } from 'commander'
import type { AuditOptions, ReportOptions } from '../audit-options.ts'
import { withAuditOptions } from '../audit-options.ts'
import { withOutput } from '../command.ts'
import { parseCount, parseInputFile, parseWait } from '../option-values.ts'

export function addAudit(program: Command): void {
  const command = program
    .command('audit')
    .summary('what servers accept, held against a policy')
    .description('Print what a server accepts of TLS or SSH, and hold it against a policy.')
    .argument('<TARGET...>', 'HOST:PORT, or SCHEME://HOST:PORT')
  withAuditOptions(command)
    .option('--evidence <FILE>', 'keep what was sent and received')
    .option('--budget <N>', 'open at most N connections, and say what stayed unknown', parseCount)
    .option('--rate <N>', 'open at most N connections in a second', parseCount)
    .option('--timeout <SECONDS>', 'how long the server may say nothing', parseWait, 5)
    .option('--server-name <NAME>', 'the name to ask for, instead of HOST')
    .addOption(new Option('--jsonl', 'print a line of JSON for each target').conflicts('json'))
  withOutput(command).action(audit)
  addReplay(command)
  addScanDiff(command)
}

function addReplay(audit: Command): void {
  const command = audit
    .command('replay')
    .summary('the report of an earlier audit, from its evidence')
    .description('Compute the report of an audit again from its evidence, without a network.')
    .argument('<FILE>', 'what --evidence has written', parseInputFile)
  withOutput(withAuditOptions(command)).action(async (path: string, options: ReportOptions) => {
    const { replayAudit } = await import('../audit-replay.ts')
    await replayAudit(path, options)
  })
}

function addScanDiff(audit: Command): void {
  const command = audit
    .command('diff')
    .summary('what changed between two scans')
    .description('Say what a server accepts in scan B that it did not in scan A, and the reverse.')
    .argument('<A>', 'what audit --json has printed', parseInputFile)
    .argument('<B>', 'a later one', parseInputFile)
  withOutput(command).action(async (earlier: string, later: string, options: ReportOptions) => {
    const { compareScanFiles } = await import('../audit-replay.ts')
    await compareScanFiles(earlier, later, options)
  })
}

async function audit(targets: readonly string[], options: AuditOptions): Promise<void> {
  const { auditTargets } = await import('../audit-run.ts')
  await auditTargets(targets, options)
}

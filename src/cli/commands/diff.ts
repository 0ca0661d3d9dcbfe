/** `cryptopolicy diff`: what differs between two policies, or two priority strings, by meaning. */
import type { Command } from 'commander'
import { fail } from '../../diagnostics/diagnostic.ts'
import type { Policy } from '../../policy/policy.ts'
import type { PurposeName } from '../../policy/scope.ts'
import { CLI_KINDS } from '../cli-diagnostics.ts'
import { terminalFor, withDirectories, withOutput } from '../command.ts'
import type { PriorityDiffOptions } from '../compare-priorities.ts'
import { releaseOption, withPriorityOptions } from '../priority-options.ts'
import type { Terminal } from '../terminal.ts'

type Options = PriorityDiffOptions & {
  readonly causes?: true
  readonly priority?: true
  readonly app: readonly string[]
}

export function addDiff(program: Command): void {
  const command = program
    .command('diff')
    .summary('what differs between two policies, or two priority strings')
    .description('Say what B allows more or less than A; for policies, under each scope.')
    .argument('[A]', 'a policy, for instance FUTURE')
    .argument('[B]', 'another one, for instance DEFAULT:NO-SHA1')
    .option(
      '--app <NAME>',
      'A, or the configured policy, and what an application has over it; twice: two applications',
      collect,
      [],
    )
    .option('--causes', 'name the line behind each change')
    .option('--priority', 'A and B are priority strings')
    .addOption(releaseOption('--from <RELEASE>', 'A as this release'))
    .addOption(releaseOption('--to <RELEASE>', 'B, or A where there is no B, as this release'))
  withOutput(withDirectories(withPriorityOptions(command))).action(diff)
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}

async function diff(a: string | undefined, b: string | undefined, options: Options): Promise<void> {
  if (options.app.length > 0) return diffApplications(a, b, options)
  if (a === undefined) return refuse()
  if (options.priority) {
    const { comparePriorities } = await import('../compare-priorities.ts')
    return comparePriorities(a, b, options, terminalFor(options))
  }
  if (b === undefined) return refuse()
  const { loadNamedPolicy } = await import('../named-policy.ts')
  const terminal = terminalFor(options)
  const load = (name: string) => loadNamedPolicy(name, options, terminal.report)
  return showDifference(load(a), load(b), options, terminal)
}

function refuse(): never {
  const hint = 'for instance: cryptopolicy diff FUTURE DEFAULT'
  return fail(CLI_KINDS.missingOption, { what: 'diff needs two policies', hint })
}

/** One application with the policy beneath it, or two with each other. */
async function diffApplications(
  a: string | undefined,
  b: string | undefined,
  options: Options,
): Promise<void> {
  const [first = '', second, third] = options.app
  if (third !== undefined || b !== undefined || options.priority) {
    const hint =
      'for instance: cryptopolicy diff FUTURE --app libvirt, or: diff --app libvirt --app qemu'
    fail(CLI_KINDS.missingOption, {
      what: '--app compares a policy with an application, or two applications',
      hint,
    })
  }
  const { loadAskedPolicy } = await import('../named-policy.ts')
  const terminal = terminalFor(options)
  const { purposesOf } = await import('../../backends/applications/all-application-backends.ts')
  const load = (app: string | undefined) => loadAskedPolicy(a, app, options, terminal.report)
  const before = second === undefined ? await load(undefined) : await load(first)
  const after = await load(second ?? first)
  const backends = [before, after].flatMap(({ application }) => application?.backends ?? [])
  await showDifference(before.policy, after.policy, options, terminal, purposesOf(backends))
}

async function showDifference(
  before: Policy,
  after: Policy,
  options: Options,
  terminal: Terminal,
  purposes?: readonly PurposeName[],
): Promise<void> {
  const { comparePolicies } = await import('../../policy/compare.ts')
  const { comparisonToJson, printComparison } = await import('../../report/policy-comparison.ts')
  const comparison = comparePolicies(before, after, purposes)
  if (options.json) return terminal.setResult(comparisonToJson(comparison))
  const lines = printComparison(comparison, { showCauses: options.causes ?? false })
  for (const line of lines) terminal.printChange(line)
  if (lines.length === 0)
    terminal.note(`${comparison.before} and ${comparison.after} mean the same`)
}

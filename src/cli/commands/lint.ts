/** `cryptopolicy lint`: every problem in policies and drop-ins, each with a code. */
import type { Command } from 'commander'
import { printCount } from '../../diagnostics/count.ts'
import { type Diagnostic, fail } from '../../diagnostics/diagnostic.ts'
import { diagnosticToJson } from '../../diagnostics/diagnostic-json.ts'
import { CLI_KINDS } from '../cli-diagnostics.ts'
import { type CommonOptions, terminalFor, withDirectories, withOutput } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { parseInputFile } from '../option-values.ts'
import type { Terminal } from '../terminal.ts'

type Options = CommonOptions & { readonly fix?: true }

export function addLint(program: Command): void {
  const command = program
    .command('lint')
    .summary('every problem in policies and drop-ins')
    .description('Look for problems. Without FILE: in the configured policy and its drop-ins.')
    .argument('[FILE...]', '*.pol, *.pmod, *.config, - or a name such as DEFAULT:NO-SHA1')
    .option('--fix', 'rewrite deprecated forms in the files')
  withOutput(withDirectories(command)).action(lint)
}

async function lint(names: readonly string[], options: Options): Promise<void> {
  const { findDirectories } = await import('../../system/directories.ts')
  const { fixFiles, lintTargets } = await import('../../system/lint.ts')
  const terminal = terminalFor(options)
  const directories = findDirectories(options)
  const fixed = options.fix ? fixFiles(checkFixable(names)) : []
  const findings = lintTargets(names.map(parseInputFile), directories)
  if (options.json) {
    terminal.setResult({ fixed, findings: findings.map(diagnosticToJson) })
  } else {
    for (const { path, count } of fixed)
      terminal.note(`${path}: ${printCount(count, 'place')} rewritten`)
    printFindings(findings, terminal)
  }
  process.exitCode = judge(findings)
}

/** Only a file that is named by its path is rewritten: the name of a policy may lead to a shipped one. */
function checkFixable(names: readonly string[]): readonly string[] {
  if (names.length > 0 && names.every((name) => /\.(?:pol|pmod)$/.test(name))) return names
  const hint = 'name the files to rewrite: lint --fix policies/MINE.pol'
  return fail(CLI_KINDS.missingOption, { what: '--fix needs *.pol or *.pmod files', hint })
}

/**
 * A target that is not there is no finding about it. What a library cannot be told is no mistake of the
 * policy, and no change of its text makes that go away: it is warned of, and the answer stays yes.
 */
function judge(findings: readonly Diagnostic[]): number {
  if (findings.some(({ fault }) => fault === 'missing')) return EXIT.inputMissing
  const isMistake = ({ severity, code }: Diagnostic) =>
    severity !== 'note' && code !== 'BACKEND_CANNOT_SAY'
  return findings.some(isMistake) ? EXIT.answerIsNo : EXIT.done
}

function printFindings(findings: readonly Diagnostic[], terminal: Terminal): void {
  for (const finding of findings) terminal.printDiagnostic(finding)
  const count = (severity: Diagnostic['severity']) =>
    printCount(findings.filter((finding) => finding.severity === severity).length, severity)
  const counts = [count('error'), count('warning'), count('note')].join(', ')
  terminal.note(findings.length === 0 ? 'no problems' : counts)
}

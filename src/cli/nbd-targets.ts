/** What stands for servers and ends of copies on a command line: a word, or `[ COMMAND ARG... ]`. */
import { fail } from '../diagnostics/diagnostic.ts'
import { groupCommands, printCommand, type TargetWords } from '../nbd/client/server-command.ts'
import { CLI_KINDS } from './cli-diagnostics.ts'

type Targets<Names extends readonly string[]> = { readonly [Key in keyof Names]: TargetWords }

/**
 * One target for each name.
 *
 * @param example A whole command line, for the user who left one out.
 * @throws DiagnosticError USAGE_MISSING_ARGUMENT, USAGE_EXCESS_ARGUMENTS or NBD_COMMAND_INVALID.
 */
export function readTargets<const Names extends readonly string[]>(
  words: readonly string[],
  names: Names,
  example: string,
): Targets<Names> {
  const targets = groupCommands(words)
  const missing = names[targets.length]
  if (missing !== undefined) {
    const hint = `for instance: ${example}; ${HINT}`
    fail(CLI_KINDS.missingArgument, { message: `missing required argument '${missing}'`, hint })
  }
  if (targets.length > names.length) {
    const message = `${targets.length} arguments stand where ${names.join(' and ')} belong`
    const option = targets.find((word) => typeof word === 'string' && /^-./.test(word))
    const hint = option === undefined ? HINT : `${printTarget(option)}: options stand before --`
    fail(CLI_KINDS.excessArguments, { message, hint })
  }
  return targets as unknown as Targets<Names>
}

const HINT = 'a command that serves stands behind -- and between brackets: -- [ nbdkit memory 1G ]'

/** How messages call it. */
export function printTarget(target: TargetWords): string {
  return typeof target === 'string' ? target : printCommand(target)
}

/** `cryptopolicy help`: the options of a command, or of a command of a group. */
import type { Command } from 'commander'
import { DiagnosticError, diagnose } from '../diagnostics/diagnostic.ts'
import { didYouMean } from '../diagnostics/suggestion.ts'
import { CLI_KINDS } from './cli-diagnostics.ts'

/** In the place of commander's own, which shows its help for whatever it does not know. */
export function addHelp(group: Command): void {
  group
    .helpCommand(false)
    .command('help')
    .summary('the options of a command')
    .description('Print the options of a command.')
    .argument('[COMMAND...]', 'such as show, or nbd copy')
    .action((words: readonly string[]) => findCommand(group, words).help())
}

function findCommand(group: Command, words: readonly string[]): Command {
  let command = group
  for (const word of words) {
    const known = command.commands
    const next = known.find((one) => one.name() === word)
    if (!next)
      throw unknownCommand(
        word,
        known.map((one) => one.name()),
      )
    command = next
  }
  return command
}

function unknownCommand(word: string, known: readonly string[]): DiagnosticError {
  const hint = didYouMean(word, known) ?? `known are ${known.join(', ')}`
  const message = `unknown command '${word}'`
  return new DiagnosticError([diagnose(CLI_KINDS.unknownCommand, { message, hint })])
}

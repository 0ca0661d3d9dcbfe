/** What commander refuses, as diagnostics with codes. */
import type { Command, CommanderError } from 'commander'
import { DiagnosticError, type DiagnosticKind, diagnose } from '../diagnostics/diagnostic.ts'
import { didYouMean } from '../diagnostics/suggestion.ts'
import { CLI_KINDS, type UsageData } from './cli-diagnostics.ts'
import { ENVELOPE } from './json-envelope.ts'
import { Terminal } from './terminal.ts'

/** By commander's own codes. */
const KINDS: Readonly<Record<string, DiagnosticKind<UsageData>>> = {
  'commander.unknownOption': CLI_KINDS.unknownOption,
  'commander.unknownCommand': CLI_KINDS.unknownCommand,
  'commander.missingArgument': CLI_KINDS.missingArgument,
  'commander.optionMissingArgument': CLI_KINDS.missingValue,
  'commander.missingMandatoryOptionValue': CLI_KINDS.mandatoryOption,
  'commander.excessArguments': CLI_KINDS.excessArguments,
  'commander.invalidArgument': CLI_KINDS.invalidValue,
}

/**
 * Makes commander say nothing itself and throw a DiagnosticError instead. Only help and version leave
 * as a CommanderError.
 *
 * @param words What is typed, such as `cryptopolicy nbd copy`.
 * @param name What the JSON calls it, such as `nbd copy`.
 * @param hints By commander's codes, where a better remedy is known than `--help`.
 */
export function refuseInWords(
  command: Command,
  words: string,
  name: string,
  hints: Readonly<Record<string, string>> = {},
): void {
  command
    .configureOutput({
      writeOut: (text) => new Terminal().printText(text),
      writeErr: (text) => wantsJson(process.argv) || new Terminal().warnText(text.trimEnd()),
      outputError: () => {},
    })
    .exitOverride((error) => {
      if (error.exitCode === 0) throw error
      ENVELOPE.begin(hasJson(command) ? name : 'error', wantsJson(process.argv))
      throw toDiagnosticError(error, words, hints[error.code])
    })
    .hook('preAction', (_, action) => {
      ENVELOPE.begin(name, action.opts<{ json?: true }>().json ?? false)
    })
}

/** How commander says that one option excludes the other. */
const CONFLICT = /^option '(--?[\w-]+).*' cannot be used with option '(--?[\w-]+).*'$/

/** How commander refuses what is none of the choices. */
const CHOICES = /'([^']*)' is invalid.* Allowed choices are (.+)\.$/

function nearestChoice(message: string): string | undefined {
  const [, value, choices] = CHOICES.exec(message) ?? []
  return value && choices ? didYouMean(value, choices.split(', ')) : undefined
}

/** Only such a command has a schema of its own. */
function hasJson(command: Command): boolean {
  return command.options.some(({ long }) => long === '--json')
}

function toDiagnosticError(
  error: CommanderError,
  command: string,
  remedy = `see ${command} --help`,
): DiagnosticError {
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n')
  const suggestion = /^\((Did you mean .*)\)$/.exec(rest.join(' '))?.[1]
  const hint = suggestion?.replace(/^D/, 'd') ?? nearestChoice(first) ?? remedy
  // A group that is called without a command prints its help, and that is commander's whole error.
  if (error.code === 'commander.help') {
    const message = `${command} needs the name of a command`
    return new DiagnosticError([diagnose(CLI_KINDS.missingCommand, { message, hint })])
  }
  const [, one, other] = CONFLICT.exec(first) ?? []
  if (one !== undefined && other !== undefined) {
    const data = { first: one, second: other, hint }
    return new DiagnosticError([diagnose(CLI_KINDS.conflictingOptions, data)])
  }
  const kind = KINDS[error.code] ?? CLI_KINDS.misuse
  const message = first.replace(/^command-argument value/, 'the value').replace(/\.$/, '')
  return new DiagnosticError([diagnose(kind, { message, hint })])
}

/** Where the options could not be parsed, the words are all there is to go by. */
function wantsJson(words: readonly string[]): boolean {
  const end = words.indexOf('--')
  return words.slice(2, end < 0 ? undefined : end).includes('--json')
}

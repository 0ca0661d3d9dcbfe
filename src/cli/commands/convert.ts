/** `cryptopolicy convert`: what a priority string allows, in another library's words, and back. */
import { type Command, Option } from 'commander'
import { type Diagnostic, fail } from '../../diagnostics/diagnostic.ts'
import type { ConversionTarget } from '../../priority/convert/convert.ts'
import { CONVERT_KINDS, type Exactness } from '../../priority/convert/convert-diagnostics.ts'
import { CLI_KINDS } from '../cli-diagnostics.ts'
import { terminalFor, withOutput } from '../command.ts'
import {
  loadPriorityContext,
  type PriorityCommandOptions,
  prioritySource,
  withPriorityOptions,
} from '../priority-options.ts'
import type { Terminal } from '../terminal.ts'

/** What `--to` takes: the targets of the conversion, whose tables are loaded when they are used. */
const TARGETS = [
  'openssl',
  'node',
  'nginx',
  'nss',
  'java',
  'go',
] as const satisfies ConversionTarget[]

type Language = 'gnutls' | ConversionTarget

type Options = PriorityCommandOptions & {
  readonly from: 'gnutls' | 'openssl'
  readonly to: Language
}

type Converted = {
  readonly text: string
  readonly exactness: Exactness
  readonly warnings: readonly Diagnostic[]
}

export function addConvert(program: Command): void {
  const command = program
    .command('convert')
    .summary("what a priority string allows, in another library's words")
    .description(
      'Print the same set in another language: exact where that can be, else the closest subset.',
    )
    .argument('<PRIORITY>', 'a priority string; with --from openssl a cipher list')
    .addOption(
      new Option('--from <LANGUAGE>', 'the language of PRIORITY')
        .choices(['gnutls', 'openssl'])
        .default('gnutls'),
    )
    .addOption(
      new Option('--to <LANGUAGE>', 'the language to print')
        .choices(['gnutls', ...TARGETS])
        .makeOptionMandatory(),
    )
    .option('--base-dir <DIR>', 'where back-ends/gnutls.config is')
  withOutput(withPriorityOptions(command)).action(convert)
}

async function convert(text: string, options: Options): Promise<void> {
  const terminal = terminalFor(options)
  const { from, to } = options
  const converted =
    from === 'openssl'
      ? await convertCipherList(text, options)
      : await convertString(text, options, terminal)
  if (options.json) {
    const { warnings, ...rest } = converted
    warnings.forEach(terminal.report)
    return terminal.setResult({ from, to, ...rest })
  }
  terminal.printText(converted.text)
  converted.warnings.forEach(terminal.report)
  terminal.note(describeExactness(converted))
}

function describeExactness({ exactness, warnings }: Converted): string {
  const { code } = CONVERT_KINDS.uncontrolled
  const but = warnings.some((warning) => warning.code === code)
    ? ', but for what the library decides itself'
    : ''
  return exactness === 'exact'
    ? `exact: it allows what was given${but}`
    : `subset: it allows less than what was given, and nothing else${but}`
}

async function convertString(
  text: string,
  options: Options,
  terminal: Terminal,
): Promise<Converted> {
  const { to } = options
  if (to === 'gnutls') refusePair(options)
  const { requirePriority } = await import('../../priority/failure-diagnostics.ts')
  const { convertPriority } = await import('../../priority/convert/convert.ts')
  const { diagnoseConversion, exactnessOf } = await import(
    '../../priority/convert/convert-diagnostics.ts'
  )
  const context = await loadPriorityContext(options, terminal)
  const conversion = convertPriority(requirePriority(prioritySource(text), context), to)
  const warnings = diagnoseConversion(conversion)
  return { text: conversion.text, exactness: exactnessOf(conversion), warnings }
}

async function convertCipherList(list: string, options: Options): Promise<Converted> {
  if (options.to !== 'gnutls') refusePair(options)
  const { convertFromOpenssl } = await import('../../priority/convert/from-openssl.ts')
  const { diagnoseFromOpenssl, exactnessOf } = await import(
    '../../priority/convert/convert-diagnostics.ts'
  )
  const conversion = convertFromOpenssl(list, options.gnutls)
  const warnings = diagnoseFromOpenssl(conversion)
  return { text: `${conversion.text}\n`, exactness: exactnessOf(conversion), warnings }
}

function refusePair({ from, to }: Options): never {
  return fail(CLI_KINDS.conflictingOptions, { first: `--from ${from}`, second: `--to ${to}` })
}

/** `cryptopolicy convert`: what a priority string allows, in another library's words, and back. */
import { type Command, Option } from 'commander'
import { type Diagnostic, fail } from '../../diagnostics/diagnostic.ts'
import type { Exactness } from '../../priority/convert/convert-diagnostics.ts'
import {
  CONVERSION_LIBRARIES,
  type ConversionTarget,
  type Library,
  type LibraryReleases,
  releasesOf,
} from '../../priority/library-releases.ts'
import { CLI_KINDS } from '../cli-diagnostics.ts'
import { terminalFor, withOutput } from '../command.ts'
import { requireRelease } from '../library-release.ts'
import {
  loadPriorityContext,
  type PriorityCommandOptions,
  prioritySource,
  withPriorityOptions,
} from '../priority-options.ts'
import type { Terminal } from '../terminal.ts'

const LIBRARIES: readonly Library[] = ['openssl', 'jdk', 'nss', 'go']

type Language = 'gnutls' | ConversionTarget

type Options = PriorityCommandOptions & { readonly [Name in Library]?: string } & {
  readonly from: 'gnutls' | 'openssl'
  readonly to: Language
  readonly target: 'oldest' | 'installed'
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
        .choices(['gnutls', ...Object.keys(CONVERSION_LIBRARIES)])
        .makeOptionMandatory(),
    )
    .option('--openssl <RELEASE>', 'for this release of OpenSSL')
    .option('--jdk <RELEASE>', 'for this release of the JDK')
    .option('--nss <RELEASE>', 'for this release of NSS')
    .option('--go <RELEASE>', 'for this release of Go')
    .addOption(
      new Option('--target <WHICH>', 'for the oldest release that is supported, or the installed')
        .choices(['oldest', 'installed'])
        .default('oldest'),
    )
    .option('--base-dir <DIR>', 'where back-ends/gnutls.config is')
  withOutput(withPriorityOptions(command)).action(convert)
}

async function convert(text: string, options: Options): Promise<void> {
  const terminal = terminalFor(options)
  const { from, to } = options
  const releases = await chooseReleases(options)
  const converted =
    from === 'openssl'
      ? await convertCipherList(text, options, releases)
      : await convertString(text, options, releases, terminal)
  if (options.json) {
    const { warnings, ...rest } = converted
    warnings.forEach(terminal.report)
    return terminal.setResult({ from, to, releases, ...rest })
  }
  terminal.printText(converted.text)
  converted.warnings.forEach(terminal.report)
  terminal.note(EXACTNESS[converted.exactness])
}

const EXACTNESS: { readonly [E in Exactness]: string } = {
  exact: 'exact: it allows what was given',
  subset: 'subset: it allows less than what was given, and nothing else',
  looser: 'looser: the library does not keep to what was given where a warning says so',
}

/** The release of the other library: the one that is named, installed, or the oldest. */
async function chooseReleases(options: Options): Promise<LibraryReleases> {
  const target = otherLanguage(options)
  const library = target && CONVERSION_LIBRARIES[target]
  for (const name of LIBRARIES) {
    if (options[name] === undefined) continue
    if (name !== library) refuse(`--to ${options.to}`, `--${name}`)
    if (options.target === 'installed') refuse('--target installed', `--${name}`)
    return { [name]: requireRelease(name, options[name]) }
  }
  if (!library) return {}
  if (options.target === 'oldest') return { [library]: releasesOf(library)[0] }
  const { findInstalledRelease } = await import('../../system/installed-library.ts')
  return findInstalledRelease(target, library)
}

function otherLanguage({ from, to }: Options): ConversionTarget | undefined {
  if (from === 'openssl') return 'openssl'
  return to === 'gnutls' ? undefined : to
}

async function convertString(
  text: string,
  options: Options,
  releases: LibraryReleases,
  terminal: Terminal,
): Promise<Converted> {
  const { to } = options
  if (to === 'gnutls') refusePair(options)
  const { requirePriority } = await import('../../priority/failure/failure-diagnostics.ts')
  const { convertPriority } = await import('../../priority/convert/convert.ts')
  const { diagnoseConversion, exactnessOf } = await import(
    '../../priority/convert/convert-diagnostics.ts'
  )
  const context = await loadPriorityContext(options, terminal)
  const evaluation = requirePriority(prioritySource(text), context)
  const conversion = convertPriority(evaluation, to, releases)
  const warnings = diagnoseConversion(conversion)
  return { text: conversion.text, exactness: exactnessOf(conversion), warnings }
}

async function convertCipherList(
  text: string,
  options: Options,
  { openssl }: LibraryReleases,
): Promise<Converted> {
  if (options.to !== 'gnutls') refusePair(options)
  const { resolveOpensslProfile } = await import('../../system/openssl-profile.ts')
  const { convertFromOpenssl } = await import('../../priority/convert/from-openssl.ts')
  const { diagnoseOmissions, exactnessOf } = await import(
    '../../priority/convert/convert-diagnostics.ts'
  )
  const { list, settings } = resolveOpensslProfile({ name: '<cipher list>', text }, options)
  const { gnutls } = options
  const conversion = convertFromOpenssl(list, {
    settings,
    ...(gnutls ? { gnutls } : {}),
    ...(openssl ? { openssl } : {}),
  })
  const warnings = [...conversion.warnings, ...diagnoseOmissions(conversion.omissions)]
  return { text: `${conversion.text}\n`, exactness: exactnessOf(conversion), warnings }
}

function refusePair({ from, to }: Options): never {
  return refuse(`--from ${from}`, `--to ${to}`)
}

function refuse(first: string, second: string): never {
  return fail(CLI_KINDS.conflictingOptions, { first, second })
}

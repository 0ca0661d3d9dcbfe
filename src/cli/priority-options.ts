/** The options that commands on priority strings share, and what they stand for. */
import { type Command, Option } from 'commander'
import type { Source } from '../diagnostics/source.ts'
import type { EvaluateOptions } from '../priority/evaluate.ts'
import { DEFAULT_RELEASE, GNUTLS_RELEASES, type GnutlsRelease } from '../priority/releases.ts'
import type { SystemConfig } from '../priority/system-config.ts'
import type { CommonOptions } from './command.ts'
import { parseInputFile } from './option-values.ts'
import type { Terminal } from './terminal.ts'

export type PriorityCommandOptions = CommonOptions & {
  readonly config?: string
  readonly gnutls?: GnutlsRelease
}

/** What a string is evaluated with; both are always there. */
export type PriorityContext = Required<EvaluateOptions> & { readonly config: SystemConfig }

/** Adds the options that choose the configuration file and the release. */
export function withPriorityOptions(command: Command): Command {
  return withConfigOption(command).addOption(releaseOption('--gnutls <RELEASE>', 'as this release'))
}

/** Adds the option that chooses the configuration file. */
export function withConfigOption(command: Command): Command {
  return command.option(
    '--config <FILE>',
    'the gnutls.config to look keywords up in',
    parseInputFile,
  )
}

/** An option that takes a release. */
export function releaseOption(flags: string, what: string): Option {
  return new Option(flags, `${what} of GnuTLS does it`).choices(GNUTLS_RELEASES)
}

/** Reads the configuration that the options name; warns of one that is there but unreadable. */
export async function loadPriorityContext(
  options: PriorityCommandOptions,
  terminal: Terminal,
): Promise<PriorityContext> {
  const { readPriorityConfig } = await import('../system/priority-config.ts')
  const { config, diagnostics } = readPriorityConfig(options)
  diagnostics.forEach(terminal.report)
  return { config, release: options.gnutls ?? DEFAULT_RELEASE }
}

/** The same for questions about this host, whose GnuTLS is meant where --gnutls names no other. */
export async function loadHostContext(
  options: PriorityCommandOptions,
  terminal: Terminal,
): Promise<PriorityContext> {
  const context = await loadPriorityContext(options, terminal)
  if (options.gnutls) return context
  const { findInstalledGnutls } = await import('../system/installed-gnutls.ts')
  return { ...context, release: findInstalledGnutls()?.release ?? context.release }
}

/** A priority string of the command line; messages call it so. */
export function prioritySource(text: string): Source {
  return { name: '<priority>', text }
}

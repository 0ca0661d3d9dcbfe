/** `cryptopolicy resolve`: the priority string that an application gets. */
import type { Command } from 'commander'
import { DiagnosticError, fail, moderate } from '../../diagnostics/diagnostic.ts'
import { findBuiltInApplication } from '../../priority/application.ts'
import type { ApplicationChain, ApplicationSetting } from '../../priority/application-chain.ts'
import type { Resolution, Unresolved } from '../../priority/resolve.ts'
import { tokenize } from '../../priority/token.ts'
import { CLI_KINDS } from '../cli-diagnostics.ts'
import { terminalFor, withOutput } from '../command.ts'
import {
  loadHostContext,
  type PriorityCommandOptions,
  type PriorityContext,
  prioritySource,
  withPriorityOptions,
} from '../priority-options.ts'
import type { Terminal } from '../terminal.ts'

type Options = PriorityCommandOptions & {
  readonly explain?: true
  readonly app?: string
  readonly appConfig?: string
  readonly appDir?: string
  readonly builtIn?: string
}

export function addResolve(program: Command): void {
  const command = program
    .command('resolve')
    .summary('the priority string that an application gets')
    .description('Replace @KEYWORDS by the string that the system configuration gives them.')
    .argument('[PRIORITY]', 'for instance @LIBVIRT,SYSTEM')
    .option('--explain', 'show what was asked, what was found where, and what is not there')
    .option('--app <NAME>', 'the string of an application, from its own configuration on')
    .option('--app-config <FILE:KEY>', 'where the application writes its string')
    .option('--app-dir <DIR>', 'where the configuration of --app is (default: /etc/libvirt)')
    .option('--built-in <PRIORITY>', 'what the application uses where nothing is written')
    .option('--base-dir <DIR>', 'where back-ends/gnutls.config is')
  withOutput(withPriorityOptions(command)).action(resolve)
}

async function resolve(priority: string | undefined, options: Options): Promise<void> {
  const terminal = terminalFor(options)
  const context = await loadHostContext(options, terminal)
  const chain = isApplication(options)
    ? await followApplication(priority, options, context, terminal)
    : await followString(priority, options, context)
  const host = options.explain || options.json ? await findHostDefault() : undefined
  if (options.explain || isApplication(options)) await showChain(chain, options, terminal)
  if (options.explain && !options.json) terminal.print(describeHostDefault(host))
  const resolution = await requireResolved(chain, context)
  await warnOfNesting(resolution, context, terminal)
  if (!options.json) return terminal.print(resolution.text)
  const { resolutionToJson } = await import('../../report/resolution.ts')
  const told = resolutionToJson(resolution, chain.links, context.release)
  terminal.setResult({ ...told, host: host ?? null })
}

/** What the GnuTLS of this host reads where nothing names a file; undefined where there is none. */
async function findHostDefault() {
  const { builtInConfigFile, findInstalledGnutls } = await import(
    '../../system/installed-gnutls.ts'
  )
  const installed = findInstalledGnutls()
  return installed && { ...installed, reads: builtInConfigFile(installed) ?? null }
}

function describeHostDefault(host: Awaited<ReturnType<typeof findHostDefault>>): string {
  if (!host) return 'no GnuTLS is installed here'
  return `by default GnuTLS of this host (${host.library}) reads ${host.reads ?? 'no file'}`
}

/** The chain is part of the result of --explain; with --app alone it is a remark. */
async function showChain(
  { links, result }: ApplicationChain,
  { explain, json }: Options,
  terminal: Terminal,
): Promise<void> {
  if (json) return
  const { printChain } = await import('../../report/resolution.ts')
  for (const line of printChain(result.given.text, links)) {
    if (explain) terminal.print(line)
    else terminal.note(line)
  }
}

function isApplication({ app, appConfig }: Options): boolean {
  return app !== undefined || appConfig !== undefined
}

/** The chain of a plain string is followed only where it is shown. */
async function followString(
  priority: string | undefined,
  { explain, json }: Options,
  { config, release }: PriorityContext,
): Promise<ApplicationChain> {
  if (priority === undefined) {
    const hint = 'for instance: cryptopolicy resolve @LIBVIRT,SYSTEM'
    fail(CLI_KINDS.missingOption, { what: 'resolve needs a PRIORITY, --app or --app-config', hint })
  }
  const { resolvePriority } = await import('../../priority/resolve.ts')
  const result = resolvePriority(prioritySource(priority), config, release)
  if (!explain && !json) return { links: [], result }
  const { traceKeywords } = await import('../../priority/resolution-chain.ts')
  return { links: traceKeywords(result, config, release), result }
}

/** PRIORITY is then what the application was started with, such as QEMU's property priority=. */
async function followApplication(
  priority: string | undefined,
  options: Options,
  context: PriorityContext,
  terminal: Terminal,
): Promise<ApplicationChain> {
  const { traceApplication } = await import('../../priority/application-chain.ts')
  const { app = '' } = options
  const builtIn = options.builtIn ?? (await builtInOf(app, options))
  if (!findBuiltInApplication(app) && !options.appConfig && priority === undefined && !builtIn) {
    terminal.note(`what ${app} does is not known: --app-config FILE:KEY or --built-in say it`)
  }
  const given: readonly ApplicationSetting[] =
    priority === undefined
      ? []
      : [
          {
            name: 'given',
            span: { source: prioritySource(priority), start: 0, end: priority.length },
          },
        ]
  const settings = await readSettings(options)
  return traceApplication([...given, ...settings], builtIn, context)
}

/** What is known of the application, else what its policy is for: `@KEYWORD,SYSTEM`. */
async function builtInOf(app: string, options: Options): Promise<string | undefined> {
  const known = findBuiltInApplication(app)?.builtIn.at(-1)
  if (known !== undefined || app === '') return known
  const { keywordOfPolicy } = await import('../../system/application-keyword.ts')
  const { findDirectories } = await import('../../system/directories.ts')
  const keyword = keywordOfPolicy(app, findDirectories(options))
  return keyword === undefined ? undefined : `@${keyword},SYSTEM`
}

async function readSettings({
  app,
  appConfig,
  appDir,
}: Options): Promise<readonly ApplicationSetting[]> {
  const { readApplicationSettings, readNamedSetting } = await import(
    '../../system/application-config.ts'
  )
  if (appConfig === undefined) {
    const application = findBuiltInApplication(app ?? '')
    return application ? readApplicationSettings(application, appDir) : []
  }
  const [, path, key] = /^(.+):([^:]+)$/.exec(appConfig) ?? []
  if (path === undefined || key === undefined) {
    const hint = 'for instance: --app-config /etc/libvirt/libvirtd.conf:tls_priority'
    fail(CLI_KINDS.missingOption, { what: '--app-config needs FILE:KEY', hint })
  }
  return [readNamedSetting(path, key)]
}

async function requireResolved(
  { result }: { readonly result: Resolution | Unresolved },
  context: PriorityContext,
): Promise<Resolution> {
  if ('text' in result) return result
  const { diagnoseUnresolved } = await import('../../priority/failure/failure-diagnostics.ts')
  throw new DiagnosticError([diagnoseUnresolved(result, context)])
}

/** The application gets this string all the same, and GnuTLS refuses it. */
async function warnOfNesting(
  resolution: Resolution,
  context: PriorityContext,
  terminal: Terminal,
): Promise<void> {
  const token = tokenize(resolution.text).find(({ text }) => text.startsWith('@'))
  if (!token) return
  const { diagnoseFailure } = await import('../../priority/failure/failure-diagnostics.ts')
  const failure = { kind: 'syntax', resolution, token } as const
  terminal.report(moderate(diagnoseFailure(failure, context)))
}

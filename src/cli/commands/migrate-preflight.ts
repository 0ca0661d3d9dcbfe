/** `cryptopolicy migrate preflight`: what would fail, told before the guest is moved. */
import type { Command } from 'commander'
import { DiagnosticError, fail } from '../../diagnostics/diagnostic.ts'
import type { Check } from '../../migration/preflight/check.ts'
import type { PreflightTarget } from '../../migration/preflight/preflight-connection.ts'
import type { Rate } from '../../migration/preflight/rate.ts'
import { CLI_KINDS } from '../cli-diagnostics.ts'
import { terminalFor, withOutput } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { several } from '../option-values.ts'
import {
  checkPeerOptions,
  type LoadedClient,
  loadClient,
  type PeerOptions,
  withPeerOptions,
} from '../preflight-options.ts'
import { checkToJson, printChecks, printRates, rateToJson } from '../preflight-text.ts'
import type { Terminal } from '../terminal.ts'

type Options = PeerOptions & {
  readonly tlsHostname?: readonly string[]
  readonly rate: boolean
}

export function addMigratePreflight(group: Command): void {
  const command = group
    .command('preflight')
    .summary('what would fail, before a guest is moved')
    .description('Check files, names, policies and clocks of two hosts, and the rate between them.')
  withPeerOptions(command, '1,2,4')
  command
    .option('--tls-hostname <NAME>', 'a name that clients check; may be repeated', several(String))
    .option('--no-rate', 'measure no rates')
  withOutput(command).action(preflight)
}

async function preflight(options: Options): Promise<void> {
  checkPeerOptions(options)
  const terminal = terminalFor(options)
  const { checkOwnFiles } = await import('../own-files.ts')
  const own = await checkOwnFiles(options, options.tlsHostname ?? [], terminal)
  if (options.listen) {
    printChecks(own, terminal)
    const { listenForPreflights } = await import('../preflight-service.ts')
    return listenForPreflights(options.listen, options)
  }
  if (!options.to) await requireOwnChecks(own, options)
  const { checks, rates } = await checkOther(options, terminal)
  tellChecks([...own, ...checks], rates, terminal)
}

/** Where nothing was checked, "nothing stands in the way" would be an answer without a question. */
async function requireOwnChecks(own: readonly Check[], options: Options): Promise<void> {
  const { tlsCreds: id } = options
  if (id !== undefined) {
    const { readDefinitions } = await import('../object-options.ts')
    const { OBJECT_KINDS } = await import('../../tls/object-diagnostics.ts')
    const known = (await readDefinitions(options)).map((definition) => definition.id)
    if (!known.includes(id)) fail(OBJECT_KINDS.notFound, { what: 'TLS credentials', id, known })
  }
  if (own.length > 0) return
  const hint = 'for instance: --object tls-creds-x509,id=tls0,dir=DIR,endpoint=client'
  const what = 'migrate preflight needs --to, --listen or credentials of this host to check'
  fail(CLI_KINDS.missingOption, { what, hint })
}

type Findings = { readonly checks: readonly Check[]; readonly rates: readonly Rate[] }

async function checkOther(options: Options, terminal: Terminal): Promise<Findings> {
  const { to, connect: isTrusted = false, timeout } = options
  if (!to) return { checks: [], rates: [] }
  const { checked } = await import('../../migration/preflight/check.ts')
  let client: LoadedClient | undefined
  try {
    client = await loadClient(options, terminal)
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    return { checks: [checked('credentials', '', error.diagnostics)], rates: [] }
  }
  const { runPreflight } = await import('../../migration/preflight/preflight.ts')
  const { sayDone } = await import('../../migration/preflight/preflight-connection.ts')
  const { readPriorityConfig } = await import('../../system/priority-config.ts')
  const { config } = readPriorityConfig({ ...options, isReadAgain: true })
  const hostnames = options.tlsHostname ?? [to.host]
  const credentials = client?.credentials
  const { checks, target, agreed } = await runPreflight({
    ...{ ...to, credentials, hostnames, config, isTrusted },
    timeout: timeout * 1000,
  })
  const isReady = target && checks.every(({ outcome }) => outcome !== 'failed')
  const rates =
    isReady && options.rate ? await measure(target, client, hostnames[0], options, terminal) : []
  if (target) await sayDone(target, agreed)
  return { checks, rates }
}

/** In clear where there are no credentials, else with each suite by itself. */
async function measure(
  target: PreflightTarget,
  client: LoadedClient | undefined,
  hostname: string | undefined,
  { channels: counts, seconds }: Options,
  terminal: Terminal,
): Promise<readonly Rate[]> {
  const { measureRate } = await import('../../migration/preflight/rate.ts')
  const { credentialsForEachSuite } = await import('../../migration/preflight/suite-credentials.ts')
  const each = client
    ? credentialsForEachSuite(client.objects, client.definition)
    : [{ suite: 'in clear', credentials: undefined }]
  const rates: Rate[] = []
  for (const { suite, credentials } of each) {
    for (const channels of counts) {
      terminal.showStatus(`${suite}, ${channels} channels ...`)
      const rate = measureRate(target, { channels, seconds, credentials, hostname })
      // A suite that the other host does not have.
      const measured = await rate.catch(ignoreRefusal)
      if (measured) rates.push(measured)
    }
  }
  terminal.showStatus('')
  return rates
}

function ignoreRefusal(error: unknown): undefined {
  if (!(error instanceof DiagnosticError)) throw error
  return undefined
}

function failedInWords(failed: number): string {
  return failed === 1 ? '1 check failed' : `${failed} checks failed`
}

function tellChecks(checks: readonly Check[], rates: readonly Rate[], terminal: Terminal): void {
  const failed = checks.filter(({ outcome }) => outcome === 'failed').length
  if (terminal.options.json) {
    terminal.setResult({ checks: checks.map(checkToJson), rates: rates.map(rateToJson) })
  } else {
    printChecks(checks, terminal)
    if (rates.length > 0) printRates(rates, terminal)
    terminal.print(failed === 0 ? 'nothing stands in the way' : failedInWords(failed))
  }
  process.exitCode = failed === 0 ? EXIT.done : EXIT.answerIsNo
}

/** `cryptopolicy migrate bench`: the rate between two hosts, over several channels. */
import type { Command } from 'commander'
import { fail } from '../../diagnostics/diagnostic.ts'
import type { PreflightTarget } from '../../migration/preflight/preflight-connection.ts'
import type { Rate } from '../../migration/preflight/rate.ts'
import { CLI_KINDS } from '../cli-diagnostics.ts'
import { terminalFor, withOutput } from '../command.ts'
import {
  checkPeerOptions,
  type LoadedClient,
  loadClient,
  type PeerOptions,
  withPeerOptions,
} from '../preflight-options.ts'
import { adviceOf, printRates, rateToJson } from '../preflight-text.ts'
import type { Terminal } from '../terminal.ts'

type Options = PeerOptions & { readonly tlsHostname?: string }

export function addMigrateBench(group: Command): void {
  const command = group
    .command('bench')
    .summary('the rate between two hosts')
    .description('Measure how fast bytes go to the other host, in clear and by TLS.')
  withPeerOptions(command, '1,2,4,8')
  command.option('--tls-hostname <NAME>', 'the name that the certificate there has to bear')
  withOutput(command).action(bench)
}

async function bench(options: Options): Promise<void> {
  checkPeerOptions(options)
  const { to, listen } = options
  if (listen) {
    const { listenForPreflights } = await import('../preflight-service.ts')
    return listenForPreflights(listen, options)
  }
  if (!to) {
    const hint = 'run cryptopolicy migrate bench --listen HOST:PORT on the other host'
    return fail(CLI_KINDS.missingOption, { what: 'bench needs --to or --listen', hint })
  }
  const { findListener } = await import('../../migration/preflight/find-listener.ts')
  const terminal = terminalFor(options)
  const client = await loadClient(options, terminal)
  const address = await findListener(to.host, to.port, { isTrusted: options.connect ?? false })
  const target = { address, port: to.port, timeout: options.timeout * 1000 }
  const hostname = options.tlsHostname ?? to.host
  const rates = await measureAll(target, client, { ...options, hostname }, terminal)
  const { sayDone } = await import('../../migration/preflight/preflight-connection.ts')
  await sayDone(target, client && { credentials: client.credentials, hostname })
  const { advisedChannels } = await import('../../migration/preflight/advised-channels.ts')
  const secured = rates.filter(({ suite }) => (suite !== undefined) === (client !== undefined))
  const advised = advisedChannels(secured)
  if (options.json) {
    terminal.setResult({ rates: rates.map(rateToJson), advisedChannels: advised ?? null })
  } else {
    printRates(rates, terminal)
    if (advised !== undefined) terminal.print(adviceOf(advised))
  }
}

async function measureAll(
  target: PreflightTarget,
  client: LoadedClient | undefined,
  options: { channels: readonly number[]; seconds: number; hostname: string },
  terminal: Terminal,
): Promise<readonly Rate[]> {
  const { measureRate } = await import('../../migration/preflight/rate.ts')
  const { seconds, hostname } = options
  const rates: Rate[] = []
  const agreed = client && { credentials: client.credentials, hostname }
  for (const credentials of [undefined, ...(client ? [client.credentials] : [])]) {
    for (const channels of options.channels) {
      terminal.showStatus(`${credentials ? 'TLS' : 'in clear'}, ${channels} channels ...`)
      rates.push(await measureRate(target, { channels, seconds, credentials, hostname, agreed }))
    }
  }
  terminal.showStatus('')
  return rates
}

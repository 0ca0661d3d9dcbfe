/** `cryptopolicy nbd list`: the exports of a server. */
import type { Command } from 'commander'
import type { NbdUri } from '../../nbd/client/nbd-uri.ts'
import { terminalFor, withOutput } from '../command.ts'
import { clientOptions, type NbdOptions, withNbdOptions } from '../nbd-options.ts'

type Options = NbdOptions & { readonly long?: true }

export function addNbdList(group: Command): void {
  const command = group
    .command('list')
    .summary('the exports of a server')
    .description('Print the name and the description of every export that a server tells of.')
    .usage('[options] SERVER')
    .argument('<SERVER...>', 'HOST, HOST:PORT, an URI, or [ COMMAND ARG... ]')
    .option('-l, --long', 'what the server says of each export')
  withOutput(withNbdOptions(command)).action(list)
}

async function list(words: readonly string[], options: Options): Promise<void> {
  const { looksLikeUri, parseNbdUri } = await import('../../nbd/client/nbd-uri.ts')
  const { withServer } = await import('../nbd-connection.ts')
  const { readTargets } = await import('../nbd-targets.ts')
  const [server] = readTargets(words, ['SERVER'], 'cryptopolicy nbd list HOST')
  const parse = (text: string) => parseNbdUri(looksLikeUri(text) ? text : `nbd://${text}/`)
  await withServer(server, (uri) => listExports(uri, options), parse)
}

async function listExports(uri: NbdUri, options: Options): Promise<void> {
  const { listServer } = await import('../../nbd/client/server-listing.ts')
  const { exportToJson, printExport, tlsToJson } = await import('../../nbd/export-text.ts')
  const terminal = terminalFor(options)
  const settings = await clientOptions(uri, options, terminal)
  const detail = options.long ?? false
  const { exports, tls } = await listServer(uri.address, { ...settings, detail })
  if (options.json) {
    const listed = exports.map(({ name, description, info, problem }) => ({
      name,
      description,
      details: info ? exportToJson(info) : null,
      problem: problem ? { code: problem.code, message: problem.message } : null,
    }))
    return terminal.setResult({ uri: uri.text, exports: listed, tls: tlsToJson(tls) })
  }
  const { printable } = await import('../../diagnostics/print-diagnostic.ts')
  for (const { name, description, info, problem } of exports) {
    if (info) for (const line of printExport(info)) terminal.print(line)
    else
      terminal.print(printable([name, description || problem?.message].filter(Boolean).join('  ')))
  }
}

/** `cryptopolicy nbd info`: what a server says of an export. */
import { type Command, Option } from 'commander'
import type { NbdUri } from '../../nbd/client/nbd-uri.ts'
import type { NbdClientOptions } from '../../nbd/client/open-connection.ts'
import { terminalFor, withOutput } from '../command.ts'
import { clientOptions, type NbdOptions, withNbdOptions } from '../nbd-options.ts'

type Options = NbdOptions & { readonly map?: true; readonly size?: true }

export function addNbdInfo(group: Command): void {
  const command = group
    .command('info')
    .summary('what a server says of an export')
    .description('Print the size, the abilities and the session of an export.')
    .argument('<URI>', 'such as nbds://host/export')
    .option('--map', 'list the runs of data and of holes')
    .addOption(new Option('--size', 'print the size in bytes and nothing else').conflicts('map'))
  withOutput(withNbdOptions(command)).action(info)
}

async function info(text: string, options: Options): Promise<void> {
  const { parseNbdUri } = await import('../../nbd/client/nbd-uri.ts')
  const terminal = terminalFor(options)
  const uri = parseNbdUri(text)
  const settings = await clientOptions(uri, options, terminal)
  const { printExport, exportToJson, sessionToJson, printMap, mapToJson } = await import(
    '../../nbd/report.ts'
  )
  const { client, extents } = await look(uri, settings, options.map ?? false)
  if (options.json) {
    return terminal.setResult({
      uri: uri.text,
      export: exportToJson(client.info),
      session: sessionToJson(client),
      map: extents ? mapToJson(extents) : null,
    })
  }
  if (options.size) return terminal.print(String(client.info.size))
  const lines = extents ? printMap(extents) : printExport(client.info, client)
  for (const line of lines) terminal.print(line)
}

async function look(uri: NbdUri, settings: NbdClientOptions, wantsMap: boolean) {
  const { NbdClient } = await import('../../nbd/client/nbd-client.ts')
  const { mapExport } = await import('../../nbd/client/export-map.ts')
  const client = await NbdClient.connect(uri.address, uri.exportName, settings)
  try {
    return { client, extents: wantsMap ? await mapExport(client) : undefined }
  } finally {
    await client.disconnect()
  }
}

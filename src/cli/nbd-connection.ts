/** One connection to what a command line names: an URI, or a server that is started for it. */
import type { NbdClient } from '../nbd/client/nbd-client.ts'
import { type NbdUri, parseNbdUri } from '../nbd/client/nbd-uri.ts'
import { ServerCommand, type TargetWords } from '../nbd/client/server-command.ts'
import { clientOptions, type NbdOptions } from './nbd-options.ts'
import type { Terminal } from './terminal.ts'

/** Does the work with the URI of a server, which is started first and ended afterwards where a command is named. */
export async function withServer<Result>(
  target: TargetWords,
  work: (uri: NbdUri) => Promise<Result>,
  parse: (text: string) => NbdUri = parseNbdUri,
): Promise<Result> {
  if (typeof target === 'string') return work(parse(target))
  const command = await ServerCommand.start(target)
  try {
    return await work(command.uri)
  } catch (error) {
    throw await command.explain(error)
  } finally {
    await command.close()
  }
}

/** Does the work with a connection to an export, and ends it. */
export async function withClient<Result>(
  uri: NbdUri,
  options: NbdOptions & { readonly context?: string },
  terminal: Terminal,
  work: (client: NbdClient) => Promise<Result>,
): Promise<Result> {
  const { NbdClient } = await import('../nbd/client/nbd-client.ts')
  const { context } = options
  const settings = await clientOptions(uri, options, terminal)
  const asked = { ...settings, ...(context === undefined ? {} : { context }) }
  const client = await NbdClient.connect(uri.address, uri.exportName, asked)
  try {
    return await work(client)
  } finally {
    await client.disconnect()
  }
}

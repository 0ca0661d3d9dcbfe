/** What stands for one end of a copy on a command line. */
import { looksLikeUri, type NbdUri, parseNbdUri } from '../client/nbd-uri.ts'
import type { NbdClientOptions } from '../client/open-connection.ts'
import { type TargetWords, uriOfCommand } from '../client/server-command.ts'

export type EndName =
  | { readonly kind: 'nbd'; readonly uri: NbdUri; readonly options: NbdClientOptions }
  /** A server that is started for the copy. */
  | {
      readonly kind: 'command'
      readonly words: readonly string[]
      readonly options: NbdClientOptions
    }
  | { readonly kind: 'file'; readonly path: string }
  /** Standard input or standard output. */
  | { readonly kind: 'standard' }
  | { readonly kind: 'null' }

export type SourceName = Exclude<EndName, { readonly kind: 'null' }>

/** Reads `-`, `null:`, the words of a command, an NBD URI, or a path. The options are those that a URI asks for. */
export async function parseEnd(
  text: TargetWords,
  optionsFor: (uri: NbdUri) => Promise<NbdClientOptions>,
): Promise<EndName> {
  if (typeof text !== 'string') {
    return { kind: 'command', words: text, options: await optionsFor(uriOfCommand(text, '')) }
  }
  if (text === '-') return { kind: 'standard' }
  if (text === 'null:') return { kind: 'null' }
  if (!looksLikeUri(text)) return { kind: 'file', path: text }
  const uri = parseNbdUri(text)
  return { kind: 'nbd', uri, options: await optionsFor(uri) }
}

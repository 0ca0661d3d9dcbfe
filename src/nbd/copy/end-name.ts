/** What stands for one end of a copy on a command line. */
import { looksLikeUri, type NbdUri, parseNbdUri } from '../client/nbd-uri.ts'
import type { NbdClientOptions } from '../client/open-connection.ts'

export type EndName =
  | { readonly kind: 'nbd'; readonly uri: NbdUri; readonly options: NbdClientOptions }
  | { readonly kind: 'file'; readonly path: string }
  /** Standard input or standard output. */
  | { readonly kind: 'standard' }
  | { readonly kind: 'null' }

export type SourceName = Exclude<EndName, { readonly kind: 'null' }>

/** Reads `-`, `null:`, an NBD URI, or a path. The options are those that a URI asks for. */
export async function parseEnd(
  text: string,
  optionsFor: (uri: NbdUri) => Promise<NbdClientOptions>,
): Promise<EndName> {
  if (text === '-') return { kind: 'standard' }
  if (text === 'null:') return { kind: 'null' }
  if (!looksLikeUri(text)) return { kind: 'file', path: text }
  const uri = parseNbdUri(text)
  return { kind: 'nbd', uri, options: await optionsFor(uri) }
}

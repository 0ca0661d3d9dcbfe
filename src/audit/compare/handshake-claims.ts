/** The questions whose answers show certificates of the server, and what it asks of clients. */
import type { TlsScan } from '../model.ts'

/** TLS 1.3 hides all that from a client that computes no secret: signatures are asked for with one. */
export function handshakeClaims({ suites, signatures }: TlsScan): readonly string[] {
  const isNewest = ({ version }: { readonly version: string }) => version === 'TLS1.3'
  return [
    ...signatures.filter(isNewest).map(({ version }) => `signatures ${version}`),
    ...suites.filter((list) => !isNewest(list)).map(({ version }) => `suites ${version}`),
  ]
}

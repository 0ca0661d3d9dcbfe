/** The questions whose answers show certificates of the server, and what it asks of clients. */
import type { SchemeEnumeration, TlsScan } from '../model.ts'

/** TLS 1.3 hides all that from a client that computes no secret: signatures are asked for with one. */
export function handshakeClaims({ suites, signatures }: TlsScan): readonly string[] {
  return [
    ...signatures.filter(isComputed).map(({ version }) => `signatures ${version}`),
    ...suites
      .filter(({ version }) => version !== 'TLS1.3')
      .map(({ version }) => `suites ${version}`),
  ]
}

/** The questions whose answers show what the server does with a client that has no certificate. */
export function finishClaims({ signatures, features }: TlsScan): readonly string[] {
  return [
    ...(signatures.some(isComputed) ? ['finish TLS1.3'] : []),
    ...(features.clientRenegotiation ? ['finish before TLS1.3'] : []),
  ]
}

/** Where no secret can be computed, these questions are not asked. */
function isComputed({ version, items }: SchemeEnumeration): boolean {
  return version === 'TLS1.3' && items.length > 0
}

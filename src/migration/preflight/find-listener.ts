/** Finds the address of the other host at which a preflight answers. */
import { lookup } from 'node:dns/promises'
import { fail } from '../../diagnostics/diagnostic.ts'
import { printHostAndPort } from '../../net/address.ts'
import { PREFLIGHT_KINDS } from './preflight-diagnostics.ts'
import { isListening } from './question.ts'

/** For the answer to a datagram, in milliseconds; three are sent. */
const PATIENCE = 1_000

export type FindOptions = {
  /** Does not ask: it is known that no QEMU waits there. */
  readonly isTrusted: boolean
  readonly patience?: number
}

/**
 * Gives the address to connect to.
 *
 * @throws DiagnosticError PREFLIGHT_UNKNOWN_HOST, PREFLIGHT_NOT_LISTENING
 */
export async function findListener(
  host: string,
  port: number,
  { isTrusted, patience = PATIENCE }: FindOptions,
): Promise<string> {
  const found = await lookup(host, { all: true }).catch((error) =>
    fail(PREFLIGHT_KINDS.unknownHost, { host, error }),
  )
  const addresses = found.map(({ address }) => address)
  if (isTrusted && addresses[0] !== undefined) return addresses[0]
  const ask = async (address: string): Promise<string> => {
    if (await isListening({ address, port }, patience)) return address
    return fail(PREFLIGHT_KINDS.notListening, { server: printHostAndPort(address, port) })
  }
  return Promise.any(addresses.map(ask)).catch(() =>
    fail(PREFLIGHT_KINDS.notListening, { server: printHostAndPort(host, port) }),
  )
}

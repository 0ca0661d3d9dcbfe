/** Listens at one of several ports, in QEMU's words `to=PORT`, `ipv4=`, `ipv6=`. */
import type { AddressInfo, ListenOptions } from 'node:net'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import type { Listener } from './listener.ts'

export type ListeningPorts = {
  /** Empty for all addresses of this host. */
  readonly host: string
  readonly port: number
  /** The last port to try where others are taken. */
  readonly lastPort?: number | undefined
  readonly family?: 4 | 6 | undefined
}

/**
 * Listens at the first port that is free, up to the last that may be tried.
 *
 * @throws DiagnosticError ENDPOINT_CANNOT_LISTEN
 */
export async function listenAtPorts(
  listener: Listener,
  place: ListeningPorts,
): Promise<AddressInfo | string> {
  const { port, lastPort = port } = place
  for (let next = port; ; next++) {
    try {
      return await listener.listen({ ...hostOptions(place), port: next })
    } catch (error) {
      if (next >= lastPort || !(error instanceof DiagnosticError)) throw error
    }
  }
}

/** Where it listens, in the order in which the ports are tried. */
export function listenOptionsOfPorts(place: ListeningPorts): readonly ListenOptions[] {
  const { port, lastPort = port } = place
  const count = Math.max(lastPort - port, 0) + 1
  return Array.from({ length: count }, (_, index) => ({
    ...hostOptions(place),
    port: port + index,
  }))
}

function hostOptions({ host, family }: ListeningPorts): ListenOptions {
  if (host !== '') return { host }
  return family === undefined ? {} : { host: family === 4 ? '0.0.0.0' : '::', ipv6Only: true }
}

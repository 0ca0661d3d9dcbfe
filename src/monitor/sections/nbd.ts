/** `nbd`: the NBD server of the host. */
import { printBoundAddress } from '../../net/address.ts'
import { listenOptionsOf } from '../host/listen-address.ts'
import type { NbdEndpoint } from '../host/nbd-endpoint.ts'
import { readAddress } from './listening-place.ts'
import {
  clearTextWarning,
  type FileHost,
  type FileSection,
  HANDSHAKE_LIMIT,
  LISTEN,
  LONGEST_LIMIT,
  TLS_AUTHZ,
  TLS_CREDS,
} from './section.ts'
import { takenSocket } from './taken-place.ts'

export const NBD_SECTION: FileSection = {
  key: 'nbd',
  what: 'nbd',
  tlsRole: 'server',
  isSingle: true,
  summary: 'The NBD server, which serves the exports.',
  properties: {
    listen: LISTEN,
    'tls-creds': TLS_CREDS,
    'tls-authz': TLS_AUTHZ,
    'max-connections': { kind: 'count', summary: 'clients at the same time; 0 for any number' },
    'handshake-limit': HANDSHAKE_LIMIT,
  },
  read: (reader) => {
    const options = {
      address: readAddress(reader),
      credentials: reader.text('tls-creds'),
      authorization: reader.text('tls-authz'),
      connectionLimit: reader.count('max-connections', 0),
      handshakeLimit: reader.count('handshake-limit', 10, LONGEST_LIMIT),
    }
    const start = async ({ endpoints: { nbd } }: FileHost) => {
      await nbd.start(options)
      const place = printBoundAddress(nbd.place ?? '')
      return {
        place,
        warnings: clearTextWarning(place, options.credentials),
        stop: (limit: number) => stop(nbd, limit),
      }
    }
    return { takes: [takenSocket('listen', listenOptionsOf(options.address))], start }
  },
}

/** A client of the monitor may have stopped it meanwhile. */
async function stop(nbd: NbdEndpoint, limit: number): Promise<void> {
  if (nbd.place !== undefined || nbd.isEnding) await nbd.stop(limit)
}

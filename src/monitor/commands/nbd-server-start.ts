/** `nbd-server-start` */
import { optional, STR, struct, UINT32 } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'
import { readLegacyAddress, SOCKET_ADDRESS_LEGACY } from './socket-address.ts'

export const NBD_SERVER_START = defineCommand({
  name: 'nbd-server-start',
  arguments: struct('NbdServerOptionsLegacy', {
    addr: SOCKET_ADDRESS_LEGACY,
    // In seconds; since QEMU 10.
    'handshake-max-seconds': optional(UINT32),
    'tls-creds': optional(STR),
    'tls-authz': optional(STR),
    'max-connections': optional(UINT32),
  }),
  run: async ({ nbd }, args) => {
    await nbd.start({
      address: readLegacyAddress(args.addr),
      credentials: args['tls-creds'],
      authorization: args['tls-authz'],
      connectionLimit: args['max-connections'],
      handshakeLimit: args['handshake-max-seconds'],
    })
  },
})

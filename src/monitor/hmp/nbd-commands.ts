/** The NBD server, in the words of the human monitor. */
import type { BlockNodes } from '../host/block-nodes.ts'
import type { NbdEndpoint } from '../host/nbd-endpoint.ts'
import { refuseCommand } from '../protocol/qmp-error.ts'
import { type HumanCommand, request } from './human-command.ts'
import { readListeningAddress } from './listening-address.ts'

export const HUMAN_NBD_COMMANDS: readonly HumanCommand[] = [
  {
    name: 'nbd_server_start',
    flags: ['a', 'w'],
    parameters: [{ name: 'uri' }],
    summary:
      'start the NBD server in clear at HOST:PORT or unix:PATH; -a offers all block nodes, -w for writing; nbd-server-start of QMP has TLS',
    toRequest: ({ text, has }) => {
      if (has('w') && !has('a')) refuseCommand('-w only valid together with -a')
      return request('nbd-server-start', { addr: readListeningAddress(text('uri')) })
    },
    afterwards: async ({ nbd, nodes }, { has }) => {
      if (has('a')) offerAll(nbd, nodes, has('w'))
    },
  },
  {
    name: 'nbd_server_add',
    flags: ['w'],
    parameters: [
      { name: 'device', isDevice: true },
      { name: 'name', isOptional: true },
    ],
    summary: 'offer a block node; -w lets clients write',
    toRequest: ({ text, optional, has }) => {
      const name = optional('name')
      const named = name === undefined ? {} : { name }
      return request('nbd-server-add', { device: text('device'), ...named, writable: has('w') })
    },
  },
  {
    name: 'nbd_server_remove',
    flags: ['f'],
    parameters: [{ name: 'name' }],
    summary: 'offer it no longer; -f disconnects its clients',
    toRequest: ({ text, has }) =>
      request('nbd-server-remove', { name: text('name'), mode: has('f') ? 'hard' : 'safe' }),
  },
  {
    name: 'nbd_server_stop',
    parameters: [],
    summary: 'stop the NBD server',
    toRequest: () => request('nbd-server-stop'),
  },
]

/** Those that no other stands on: here they are what devices are to QEMU. A server that has just begun takes them all. */
function offerAll(nbd: NbdEndpoint, nodes: BlockNodes, isWritable: boolean): void {
  for (const { name, isReadOnly } of nodes.unused.toReversed()) {
    nbd.addExport({ id: name, nodeName: name, isWritable: isWritable && !isReadOnly })
  }
}

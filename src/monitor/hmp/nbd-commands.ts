/** The NBD server, in the words of the human monitor. */
import { refuseCommand } from '../protocol/qmp-error.ts'
import { type HumanCommand, request } from './human-command.ts'

export const NBD_COMMANDS: readonly HumanCommand[] = [
  {
    name: 'nbd_server_start',
    parameters: [{ name: 'uri' }],
    summary: 'start the NBD server in clear at HOST:PORT; nbd-server-start of QMP has TLS',
    toRequest: ({ text }) => {
      const address = text('uri')
      const [, inBrackets, plain, port] = /^(?:\[([^\]]*)\]|([^:]*)):([^,]+)$/.exec(address) ?? []
      if (port === undefined) return refuseCommand(`error parsing address '${address}'`)
      const data = { host: inBrackets ?? plain ?? '', port }
      return request('nbd-server-start', { addr: { type: 'inet', data } })
    },
  },
  {
    name: 'nbd_server_add',
    flags: ['w'],
    parameters: [{ name: 'device' }, { name: 'name', isOptional: true }],
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

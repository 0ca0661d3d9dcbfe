/** Character devices, in the words of the human monitor. */
import type { ChardevDefinition } from '../../chardev/definition/chardev-definition.ts'
import { parseChardev } from '../../chardev/definition/parse-chardev.ts'
import { refuseCommand } from '../protocol/qmp-error.ts'
import { type HumanCommand, request } from './human-command.ts'

export const CHARDEV_COMMANDS: readonly HumanCommand[] = [
  {
    name: 'chardev-add',
    parameters: [{ name: 'chardev', isRest: true }],
    summary:
      'make a character device: chardev-add socket,id=s0,path=/run/s0.sock,server=on,wait=off',
    // Its words are those of the command line, and not those of the command of QMP.
    run: async ({ chardevs }, { text }) => {
      const chardev = readChardev(text('chardev'))
      const { id, backend } = chardev
      if (chardevs.has(id)) {
        refuseCommand(`attempt to add duplicate property '${id}' to object (type 'container')`)
      }
      const place = await chardevs.add(chardev)
      return backend === 'pty' ? `char device redirected to ${place} (label ${id})\r\n` : ''
    },
  },
  {
    name: 'chardev-remove',
    parameters: [{ name: 'id' }],
    summary: 'remove a character device',
    toRequest: ({ text }) => request('chardev-remove', { id: text('id') }),
  },
]

/**
 * A client of the monitor is given no shell, and neither the terminal nor the descriptors of this process.
 *
 * @throws QmpError, DiagnosticError CHARDEV_...
 */
function readChardev(text: string): ChardevDefinition {
  const chardev = parseChardev(text, { name: 'chardev-add' })
  switch (chardev.backend) {
    case 'exec':
    case 'stdio':
      return refuseCommand(`back-end ${chardev.backend} is not for monitors`)
    case 'socket': {
      const { address } = chardev
      if (address.kind !== 'fd') return chardev
      return refuseCommand(`File descriptor named '${address.descriptor}' has not been found`)
    }
    default:
      return chardev
  }
}

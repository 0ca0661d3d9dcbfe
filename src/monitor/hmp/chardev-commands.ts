/** Character devices, in the words of the human monitor. */
import type { ChardevDefinition } from '../../chardev/definition/chardev-definition.ts'
import { parseChardev } from '../../chardev/definition/parse-chardev.ts'
import { parseKeyValues } from '../../options/key-value-syntax.ts'
import { refuseCommand } from '../protocol/qmp-error.ts'
import { type HumanCommand, request } from './human-command.ts'
import { readInteger } from './human-number.ts'

export const HUMAN_CHARDEV_COMMANDS: readonly HumanCommand[] = [
  {
    name: 'chardev-add',
    parameters: [{ name: 'chardev', isRest: true }],
    summary:
      'make a character device: chardev-add socket,id=s0,path=/run/s0.sock,server=on,wait=off',
    // Its words are those of the command line, and not those of the command of QMP.
    run: async ({ chardevs }, { text }) => {
      const chardev = readChardev(parseChardev(text('chardev'), { name: 'chardev-add' }))
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
  {
    name: 'chardev-change',
    parameters: [{ name: 'id' }, { name: 'args', isRest: true }],
    summary: 'put another back-end in its place: chardev-change s0 file,path=/var/log/s0.log',
    run: async ({ chardevs }, { text }) => {
      const id = text('id')
      const chardev = readOther(id, text('args'))
      if (!chardevs.has(id)) refuseCommand(`Chardev '${id}' does not exist`)
      await chardevs.change(chardev)
      return ''
    },
  },
  {
    name: 'chardev-send-break',
    parameters: [{ name: 'id' }],
    summary: 'refused: there is no serial line',
    toRequest: ({ text }) => request('chardev-send-break', { id: text('id') }),
  },
  {
    name: 'ringbuf_read',
    parameters: [{ name: 'device' }, { name: 'size', isNumber: true }],
    summary: 'take the oldest bytes out of a ring buffer',
    toRequest: ({ text }) =>
      request('ringbuf-read', { device: text('device'), size: readInteger('size', text('size')) }),
    print: (result) => `${printBytes(String(result))}\r\n`,
  },
  {
    name: 'ringbuf_write',
    parameters: [{ name: 'device' }, { name: 'data' }],
    summary: 'put a word into a ring buffer: ringbuf_write r0 "two words"',
    toRequest: ({ text }) =>
      request('ringbuf-write', { device: text('device'), data: text('data') }),
  },
]

/** @throws QmpError, DiagnosticError CHARDEV_... */
function readOther(id: string, text: string): ChardevDefinition {
  const name = 'chardev-change'
  const { properties } = parseKeyValues({ name, text }, 'backend')
  if (Object.hasOwn(properties, 'id')) refuseCommand("Unexpected 'id' parameter")
  return readChardev(parseChardev(text, { name, id }))
}

/** Control characters of a guest are shown, so that none acts on the terminal of the user. */
function printBytes(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll(/(?!\n)\p{Cc}/gu, (one) => {
      const code = one.charCodeAt(0).toString(16).toUpperCase()
      return `\\u${code.padStart(4, '0')}`
    })
    .replaceAll('\n', '\r\n')
}

/**
 * A client of the monitor is given no shell, and neither the terminal nor the descriptors of this process.
 *
 * @throws QmpError, DiagnosticError CHARDEV_...
 */
function readChardev(chardev: ChardevDefinition): ChardevDefinition {
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

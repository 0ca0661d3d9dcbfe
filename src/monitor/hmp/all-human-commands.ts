/** Every command of the human monitor. */
import { BLOCK_INFO } from './block-info.ts'
import { HUMAN_CHARDEV_COMMANDS } from './chardev-commands.ts'
import { type HumanCommand, type QmpCounterpart, request } from './human-command.ts'
import { nameOfCommand } from './human-line.ts'
import { INFO_COMMANDS } from './info-commands.ts'
import { HUMAN_MIGRATE_COMMANDS } from './migrate-commands.ts'
import { HUMAN_NBD_COMMANDS } from './nbd-commands.ts'
import { OBJECT_COMMANDS, RELOAD_COMMAND } from './object-commands.ts'
import { QOM_COMMANDS } from './qom-commands.ts'

function plain(name: string, letter: string, summary: string): HumanCommand {
  return { name, letter, parameters: [], summary, toRequest: () => request(name) }
}

function ofDescriptor(name: string): HumanCommand {
  const summary = 'refused: Node.js takes no descriptors from a socket'
  const toRequest: QmpCounterpart['toRequest'] = ({ text }) =>
    request(name, { fdname: text('fdname') })
  return { name, parameters: [{ name: 'fdname' }], summary, toRequest }
}

export const HUMAN_COMMANDS: readonly HumanCommand[] = [
  ...INFO_COMMANDS,
  BLOCK_INFO,
  ...HUMAN_MIGRATE_COMMANDS,
  ...HUMAN_NBD_COMMANDS,
  ...OBJECT_COMMANDS,
  ...QOM_COMMANDS,
  RELOAD_COMMAND,
  ...HUMAN_CHARDEV_COMMANDS,
  ofDescriptor('getfd'),
  ofDescriptor('closefd'),
  plain('cont', 'c', 'nothing: no guest runs here'),
  plain('stop', 's', 'nothing: no guest runs here'),
  plain('quit', 'q', 'end the process in order'),
]

/** What `help` tells, and `help COMMAND`. */
export function describeCommands(line: string): string {
  const wanted = line.trim().split(/\s+/)
  const [first = '', second = ''] = wanted
  if (first === '') return HUMAN_COMMANDS.map(describeCommand).join('')
  const found = HUMAN_COMMANDS.filter(({ name, letter, aliases = [] }) => {
    const [word, of] = name.split(' ')
    const isNamed = [word, letter, ...aliases].includes(first)
    return isNamed && (of === undefined || second === '' || of === second)
  })
  if (found.length > 0) return found.map(describeCommand).join('')
  return `unknown command: '${first === 'info' ? `info ${second}` : first}'\r\n`
}

function describeCommand(command: HumanCommand): string {
  const { name, flags = [], parameters, summary } = command
  const options = flags.map((flag) => `[-${flag}]`)
  const words = parameters.map((one) => (one.isOptional ? `[${one.name}]` : one.name))
  const [what] = name.split(' ')
  const named = what === 'info' ? name : nameOfCommand(command)
  return `${named} ${[...options, ...words].join(' ')} -- ${summary}\r\n`
}

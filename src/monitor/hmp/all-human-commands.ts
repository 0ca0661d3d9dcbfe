/** Every command of the human monitor. */
import { CHARDEV_COMMANDS } from './chardev-commands.ts'
import { type HumanCommand, request } from './human-command.ts'
import { INFO_COMMANDS } from './info-commands.ts'
import { MIGRATE_COMMANDS } from './migrate-commands.ts'
import { NBD_COMMANDS } from './nbd-commands.ts'
import { OBJECT_COMMANDS } from './object-commands.ts'

function plain(name: string, summary: string): HumanCommand {
  return { name, parameters: [], summary, toRequest: () => request(name) }
}

export const HUMAN_COMMANDS: readonly HumanCommand[] = [
  ...INFO_COMMANDS,
  ...MIGRATE_COMMANDS,
  ...NBD_COMMANDS,
  ...OBJECT_COMMANDS,
  ...CHARDEV_COMMANDS,
  plain('cont', 'nothing: no guest runs here'),
  plain('stop', 'nothing: no guest runs here'),
  plain('quit', 'end the process in order'),
]

/** What `help` tells. */
export function describeCommands(): string {
  return HUMAN_COMMANDS.map(({ name, flags = [], parameters, summary }) => {
    const options = flags.map((flag) => `[-${flag}]`)
    const words = parameters.map((one) => (one.isOptional ? `[${one.name}]` : one.name))
    return `${[name, ...options, ...words].join(' ')} -- ${summary}\r\n`
  }).join('')
}

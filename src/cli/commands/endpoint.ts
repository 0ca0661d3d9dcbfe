/** `cryptopolicy endpoint`: the group of commands on all endpoints of a host. */
import type { CommandGroup } from '../command-group.ts'

export const ENDPOINT: CommandGroup = {
  name: 'endpoint',
  summary: 'all endpoints of a host in one process',
  description:
    'Serve exports, character devices, relays, receivers and monitors of a host from one file, and change them while they run.',
  load: async () => (await import('./endpoint-commands.ts')).ENDPOINT_COMMANDS,
}

/** `cryptopolicy nbd`: the group of commands on network block devices. */
import type { CommandGroup } from '../command-group.ts'

export const NBD: CommandGroup = {
  name: 'nbd',
  summary: 'network block devices over TLS that obeys the policy',
  description: 'Serve, look at, copy and measure network block devices.',
  load: async () => (await import('./nbd-commands.ts')).NBD_COMMANDS,
}

/** `cryptopolicy migrate`: the group of commands on live migration. */
import type { CommandGroup } from '../command-group.ts'

export const MIGRATE_GROUP: CommandGroup = {
  name: 'migrate',
  summary: 'live migration of guests',
  description: 'Look at what QEMU sends when a guest moves, receive it, and carry it over TLS.',
  load: async () => (await import('./migrate-commands.ts')).MIGRATE_COMMANDS,
}

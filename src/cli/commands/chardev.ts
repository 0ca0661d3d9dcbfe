/** `cryptopolicy chardev`: the group of commands on character devices. */
import type { CommandGroup } from '../command-group.ts'

export const CHARDEV: CommandGroup = {
  name: 'chardev',
  summary: 'character devices: a console over TLS',
  description: "Join a socket in QEMU's words to a terminal, a program or another socket.",
  load: async () => (await import('./chardev-commands.ts')).CHARDEV_COMMANDS,
}

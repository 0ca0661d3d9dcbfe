/** `cryptopolicy pki`: the group of commands on certificates and keys. */
import type { CommandGroup } from '../command-group.ts'

export const PKI: CommandGroup = {
  name: 'pki',
  summary: 'certificates and keys for QEMU and libvirt',
  description: 'Make certificates and keys as strong as the policy asks for, and check them.',
  load: async () => (await import('./pki-commands.ts')).PKI_COMMANDS,
}

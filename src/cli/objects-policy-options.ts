/** The options that say which policy objects obey. */
import type { Command } from 'commander'
import { withConfigOption } from './priority-options.ts'

export function withObjectsPolicy(command: Command): Command {
  return withConfigOption(command)
    .option('--application <NAME>', 'ask for @NAME,QEMU,SYSTEM where an object has no priority')
    .option('--base-dir <DIR>', 'where back-ends/gnutls.config is')
}

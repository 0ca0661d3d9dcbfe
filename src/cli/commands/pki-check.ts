/** `cryptopolicy pki check`: whether endpoints could use what is in a folder, and until when. */
import type { Command } from 'commander'
import { withOutput } from '../command.ts'

export function addPkiCheck(group: Command): void {
  const command = group.command('check').summary('check certificates and keys').argument('<DIR>')
  withOutput(command)
}

/** `cryptopolicy pki`: the commands on certificates and keys. */
import type { Command } from 'commander'
import { addPkiCheck } from './pki-check.ts'
import { addPkiInit } from './pki-init.ts'
import { addPkiIssue } from './pki-issue.ts'
import { addPkiPsk } from './pki-psk.ts'
import { addPkiRenew } from './pki-renew.ts'

export function addPki(program: Command): void {
  const group = program
    .command('pki')
    .summary('certificates and keys for QEMU and libvirt')
    .description('Make certificates and keys as strong as the policy asks for, and check them.')
  for (const add of [addPkiInit, addPkiIssue, addPkiRenew, addPkiPsk, addPkiCheck]) add(group)
}

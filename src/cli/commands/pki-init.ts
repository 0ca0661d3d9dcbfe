/** `cryptopolicy pki init`: an authority of one's own. */

import type { Command } from 'commander'
import { terminalFor, withOutput } from '../command.ts'
import { parseInputFile } from '../option-values.ts'
import {
  type FolderOptions,
  type KeyOptions,
  loadStrength,
  openLayout,
  readKeyOptions,
  readSubject,
  withKeyOptions,
  withLayoutOption,
  withStrengthOptions,
} from '../pki-options.ts'

type Options = KeyOptions &
  FolderOptions & {
    readonly cn?: string
    readonly org?: string
    readonly parent?: string
    readonly parentPassphraseFile?: string
    readonly force?: true
  }

export function addPkiInit(group: Command): void {
  const command = group
    .command('init')
    .summary('make an authority')
    .description('Make an authority: a key and the certificate that endpoints are to trust.')
    .argument('<DIR>', 'for instance /etc/pki/qemu')
    .option('--cn <NAME>', 'the common name (default: that of the host, with CA)')
    .option('--org <NAME>', 'the organization')
    .option(
      '--parent-passphrase-file <FILE>',
      'the first line is the passphrase of that one',
      parseInputFile,
    )
    .option('--parent <DIR>', 'where the authority is that signs this one (default: it is a root)')
    .option('--force', 'replace an authority that is there')
  withOutput(withStrengthOptions(withLayoutOption(withKeyOptions(command, '3650')))).action(init)
}

async function init(root: string, options: Options): Promise<void> {
  const terminal = terminalFor(options)
  const { createAuthority } = await import('../../pki/authority.ts')
  const { reportIssued } = await import('../pki-text.ts')
  const issued = createAuthority({
    layout: await openLayout(root, options.layout),
    strength: await loadStrength(options, terminal),
    subject: await readSubject(options),
    ...(await readKeyOptions(options)),
    ...(await readParent(options)),
    force: options.force ?? false,
  })
  reportIssued([issued], terminal)
}

async function readParent({ parent, parentPassphraseFile: file }: Options) {
  if (parent === undefined) return {}
  const { readPassphrase } = await import('../../pki/private-key-file.ts')
  const passphrase = file === undefined ? {} : { passphrase: readPassphrase(file) }
  return { parent: { layout: await openLayout(parent), ...passphrase } }
}

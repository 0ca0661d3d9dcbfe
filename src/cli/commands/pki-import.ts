/** `cryptopolicy pki import`: the certificate and the key of a PKCS #12 file as QEMU looks for them. */

import { Argument, type Command } from 'commander'
import { terminalFor, withOutput } from '../command.ts'
import { parseInputFile } from '../option-values.ts'
import {
  type FolderOptions,
  loadStrength,
  openLayout,
  PKCS12_ROLES,
  type Pkcs12Role,
  type StrengthOptions,
  withLayoutOption,
  withStrengthOptions,
} from '../pki-options.ts'

type Options = StrengthOptions &
  FolderOptions & {
    readonly passphraseFile?: string
    readonly keyPassphraseFile?: string
    readonly identity?: string
    readonly force?: true
  }

export function addPkiImport(group: Command): void {
  const command = group
    .command('import')
    .summary('take a certificate and its key from PKCS #12')
    .description('Take a certificate, its key and its authorities out of a PKCS #12 file.')
    .addArgument(new Argument('<ROLE>', 'what it is for').choices(PKCS12_ROLES))
    .argument('<FILE>', 'for instance host.p12, or - for standard input', parseInputFile)
    .argument('<DIR>', 'where the files go')
    .option(
      '--passphrase-file <FILE>',
      'the first line is the passphrase of the file',
      parseInputFile,
    )
    .option(
      '--key-passphrase-file <FILE>',
      'the first line encrypts the key in DIR',
      parseInputFile,
    )
    .option('--identity <NUMBER>', 'as this further identity, 0 to 3')
    .option('--force', 'replace files that are there')
  withOutput(withStrengthOptions(withLayoutOption(command))).action(importRole)
}

async function importRole(
  role: Pkcs12Role,
  path: string,
  root: string,
  options: Options,
): Promise<void> {
  const terminal = terminalFor(options)
  const { parseIdentity } = await import('../../pki/layout.ts')
  const { importPkcs12 } = await import('../../pki/pkcs12-import.ts')
  const { readPassphrase } = await import('../../pki/private-key-file.ts')
  const { reportIssued } = await import('../pki-text.ts')
  const { passphraseFile, keyPassphraseFile, identity, force = false } = options
  const imported = importPkcs12({
    role,
    path,
    layout: await openLayout(root, options.layout),
    strength: await loadStrength(options, terminal),
    ...(identity === undefined ? {} : { identity: parseIdentity(identity) }),
    ...(passphraseFile === undefined ? {} : { passphrase: readPassphrase(passphraseFile) }),
    ...(keyPassphraseFile === undefined
      ? {}
      : { keyPassphrase: readPassphrase(keyPassphraseFile) }),
    force,
  })
  reportIssued([imported], terminal)
}

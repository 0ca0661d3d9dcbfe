/** `cryptopolicy pki export`: a certificate, its key and its authorities in one PKCS #12 file. */

import { Argument, type Command } from 'commander'
import { type CommonOptions, terminalFor, withOutput } from '../command.ts'
import { parseInputFile } from '../option-values.ts'
import { openLayout, PKCS12_ROLES, type Pkcs12Role } from '../pki-options.ts'

type Options = CommonOptions & {
  readonly p12: string
  readonly passphraseFile: string
  readonly keyPassphraseFile?: string
  readonly identity?: string
  readonly force?: true
}

export function addPkiExport(group: Command): void {
  const command = group
    .command('export')
    .summary('write a certificate and its key as PKCS #12')
    .description('Put a certificate, its key and its authorities into a PKCS #12 file.')
    .addArgument(new Argument('<ROLE>', 'whose').choices(PKCS12_ROLES))
    .argument('<DIR>', 'where they are')
    .requiredOption('--p12 <FILE>', 'the file to write')
    .requiredOption('--passphrase-file <FILE>', 'the first line is its passphrase', parseInputFile)
    .option(
      '--key-passphrase-file <FILE>',
      'the first line is the passphrase of the key in DIR',
      parseInputFile,
    )
    .option('--identity <NUMBER>', 'this further identity, 0 to 3')
    .option('--force', 'replace a file that is there')
  withOutput(command).action(exportRole)
}

async function exportRole(role: Pkcs12Role, root: string, options: Options): Promise<void> {
  const terminal = terminalFor(options)
  const layout = await openLayout(root)
  const { parseIdentity } = await import('../../pki/layout.ts')
  const { exportPkcs12 } = await import('../../pki/pkcs12-export.ts')
  const { readCommonPassphrase, readPassphrase } = await import('../../pki/private-key-file.ts')
  const { p12, passphraseFile, keyPassphraseFile: file, identity: text, force = false } = options
  const identity = text === undefined ? undefined : parseIdentity(text)
  const { path, certificates } = exportPkcs12({
    pair: role === 'authority' ? layout.authority : layout.pair(role, identity),
    authorityFile: layout.authority.certificate,
    path: p12,
    passphrase: readCommonPassphrase(passphraseFile),
    ...(file === undefined ? {} : { keyPassphrase: readPassphrase(file) }),
    force,
  })
  const subjects = certificates.map(({ subject }) => subject)
  if (options.json) return terminal.setResult({ file: path, certificates: subjects })
  terminal.print(`wrote ${path}: the key and the certificate of ${subjects[0]}`)
  for (const subject of subjects.slice(1)) terminal.print(`  with ${subject}`)
}

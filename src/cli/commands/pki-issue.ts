/** `cryptopolicy pki issue`: the certificate and the key of a server or a client. */

import { Argument, type Command } from 'commander'
import type { EndpointRole } from '../../pki/certificate-extensions.ts'
import { ROLES } from '../../pki/layout-names.ts'
import { terminalFor, withOutput } from '../command.ts'
import { parseInputFile } from '../option-values.ts'
import {
  type FolderOptions,
  type KeyOptions,
  loadStrength,
  type NameOptions,
  openLayout,
  readKeyOptions,
  readNames,
  withKeyOptions,
  withLayoutOption,
  withNameOptions,
  withStrengthOptions,
} from '../pki-options.ts'

type Options = KeyOptions &
  FolderOptions &
  NameOptions & {
    readonly keyPassphraseFile?: string
    readonly out?: string
    readonly force?: true
  }

export function addPkiIssue(group: Command): void {
  const command = group
    .command('issue')
    .summary('make a certificate and its key')
    .description('Make a key, and a certificate that the authority signs.')
    .addArgument(new Argument('<ROLE>', 'what it is for').choices(ROLES))
    .argument('<DIR>', 'where the authority is')
    .option('--key-passphrase-file <FILE>', 'the first line encrypts the new key', parseInputFile)
    .option('--out <DIR>', 'where the files go (default: where the authority is)')
    .option('--force', 'replace files that are there')
  const named = withNameOptions(command)
  withOutput(withStrengthOptions(withLayoutOption(withKeyOptions(named, '365')))).action(issue)
}

async function issue(role: EndpointRole, root: string, options: Options): Promise<void> {
  const terminal = terminalFor(options)
  const { issueIdentity } = await import('../../pki/certificate-issuance.ts')
  const { readPassphrase } = await import('../../pki/private-key-file.ts')
  const { reportIssued } = await import('../pki-text.ts')
  const { keyPassphraseFile: file } = options
  const issued = issueIdentity({
    role,
    ...(await readNames(options)),
    ...(file === undefined ? {} : { keyPassphrase: readPassphrase(file) }),
    ...(await openFolders(root, options)),
    strength: await loadStrength(options, terminal),
    ...(await readKeyOptions(options)),
    force: options.force ?? false,
  })
  reportIssued([issued], terminal)
}

/** The layout that is named is that of the files that are written. */
async function openFolders(root: string, { out, layout }: Options) {
  if (out === undefined) return { layout: await openLayout(root, layout) }
  const from = await openLayout(root)
  return { layout: from, out: await openLayout(out, layout ?? from.name) }
}

/** `cryptopolicy pki sign`: a certificate for a key that was made elsewhere. */

import { dirname } from 'node:path'
import { Argument, type Command } from 'commander'
import type { EndpointRole } from '../../pki/certificate-extensions.ts'
import { ROLES } from '../../pki/layout-names.ts'
import { terminalFor, withOutput } from '../command.ts'
import { parseInputFile } from '../option-values.ts'
import {
  type FolderOptions,
  loadStrength,
  type NameOptions,
  openLayout,
  readNames,
  type StrengthOptions,
  withLayoutOption,
  withNameOptions,
  withStrengthOptions,
} from '../pki-options.ts'

type Options = StrengthOptions &
  FolderOptions &
  NameOptions & {
    readonly acceptNames?: true
    readonly days?: string
    readonly out?: string
    readonly passphraseFile?: string
    readonly force?: true
  }

export function addPkiSign(group: Command): void {
  const command = group
    .command('sign')
    .summary('sign a request that was made elsewhere')
    .description(
      'Sign a request. Only its key is taken from it: the names are those of the options.',
    )
    .addArgument(new Argument('<ROLE>', 'what it is for').choices(ROLES))
    .argument(
      '<REQUEST>',
      'a file with a certificate request (PKCS #10, PEM), or - for standard input',
      parseInputFile,
    )
    .argument('<DIR>', 'where the authority is')
    .option('--accept-names', 'give the names that the request asks for')
    .option('--days <NUMBER>', 'how long it is valid (default: 365)')
    .option('--out <DIR>', 'where the certificate goes (default: where the request is)')
    .option(
      '--passphrase-file <FILE>',
      'the first line is the passphrase of the authority',
      parseInputFile,
    )
    .option('--force', 'replace files that are there')
  withOutput(withStrengthOptions(withLayoutOption(withNameOptions(command)))).action(sign)
}

async function sign(
  role: EndpointRole,
  path: string,
  root: string,
  options: Options,
): Promise<void> {
  const terminal = terminalFor(options)
  const { signRequest } = await import('../../pki/request-signing.ts')
  const { parseDays } = await import('../../pki/validity-period.ts')
  const { readPassphrase } = await import('../../pki/private-key-file.ts')
  const { reportIssued } = await import('../pki-text.ts')
  const { days, passphraseFile: file, out = dirname(path), acceptNames = false } = options
  const issued = signRequest({
    role,
    path,
    acceptNames,
    ...(await readNames(options)),
    layout: await openLayout(root),
    out: await openLayout(out, options.layout),
    strength: await loadStrength(options, terminal),
    ...(days === undefined ? {} : { days: parseDays(days) }),
    ...(file === undefined ? {} : { passphrase: readPassphrase(file) }),
    force: options.force ?? false,
  })
  reportIssued([issued], terminal)
}

/** `cryptopolicy pki request`: a key that stays here, and a request for its certificate. */

import { Argument, type Command } from 'commander'
import type { EndpointRole } from '../../pki/certificate-extensions.ts'
import { ROLES } from '../../pki/layout-names.ts'
import type { MadeRequest } from '../../pki/request-signing.ts'
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
    readonly key?: string
    readonly keyPassphraseFile?: string
    readonly force?: true
  }

export function addPkiRequest(group: Command): void {
  const command = group
    .command('request')
    .summary('make a key, and a request for its certificate')
    .description('Make a key that stays here, and a request that the authority signs elsewhere.')
    .addArgument(new Argument('<ROLE>', 'what it is for').choices(ROLES))
    .argument('<DIR>', 'where the key and the request go')
    .option(
      '--key <KIND>',
      'rsa[:BITS], ecdsa[:CURVE], ed25519, ... (default: what the policy has)',
    )
    .option('--key-passphrase-file <FILE>', 'the first line encrypts the key', parseInputFile)
    .option('--force', 'replace files that are there')
  withOutput(withStrengthOptions(withLayoutOption(withNameOptions(command)))).action(request)
}

async function request(role: EndpointRole, root: string, options: Options): Promise<void> {
  const terminal = terminalFor(options)
  const { createSigningRequest } = await import('../../pki/request-signing.ts')
  const { formatKeyKind, parseKeyRequest } = await import('../../pki/key-kind.ts')
  const { readPassphrase } = await import('../../pki/private-key-file.ts')
  const { key, keyPassphraseFile: file, force = false } = options
  const made = createSigningRequest({
    role,
    layout: await openLayout(root, options.layout),
    strength: await loadStrength(options, terminal),
    ...(await readNames(options)),
    ...(key === undefined ? {} : { key: parseKeyRequest(key) }),
    ...(file === undefined ? {} : { passphrase: readPassphrase(file) }),
    force,
  })
  const facts = { ...factsOf(made), key: formatKeyKind(made.key) }
  if (options.json) terminal.setResult(facts)
  else {
    terminal.print(`wrote ${facts.keyFile}: ${facts.key}`)
    terminal.print(`wrote ${facts.requestFile}: ${[facts.commonName, ...facts.names].join(', ')}`)
    terminal.note(`sign it where the authority is: cryptopolicy pki sign ${role} REQUEST DIR`)
  }
  made.notes.forEach(terminal.report)
}

function factsOf({ requestFile, keyFile, commonName, names }: MadeRequest) {
  return { requestFile, keyFile, commonName, names: [...names] }
}

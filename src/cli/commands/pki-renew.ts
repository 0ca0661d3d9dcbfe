/** `cryptopolicy pki renew`: a new certificate in place of one that is about to expire. */

import type { Command } from 'commander'
import { fail } from '../../diagnostics/diagnostic.ts'
import type { Issued } from '../../pki/authority.ts'
import type { EndpointRole } from '../../pki/certificate-extensions.ts'
import { ROLES } from '../../pki/layout-names.ts'
import { CLI_KINDS } from '../cli-diagnostics.ts'
import { terminalFor, withOutput } from '../command.ts'
import { parseInputFile } from '../option-values.ts'
import {
  type KeyOptions,
  loadStrength,
  openLayout,
  readKeyOptions,
  withKeyOptions,
  withStrengthOptions,
} from '../pki-options.ts'
import type { Terminal } from '../terminal.ts'

type Options = KeyOptions & {
  readonly newKey?: true
  readonly retire?: true
  readonly keyPassphraseFile?: string
  readonly out?: string
  readonly identity?: string
}

export function addPkiRenew(group: Command): void {
  const command = group
    .command('renew')
    .summary('make a certificate anew, for the same names')
    .description('Replace certificates by new ones for the same names, and their keys if asked.')
    .argument('<ROLE>', 'server, client or authority; may be left out: every server and client')
    .argument('[DIR]', 'where the authority is')
    .option('--new-key', 'make a new key too')
    .option(
      '--key-passphrase-file <FILE>',
      'the first line is the passphrase of the keys',
      parseInputFile,
    )
    .option('--retire', 'of the authority: end the trust in the one before the new key')
    .option('--identity <NUMBER>', 'only this further identity, 0 to 3')
    .option('--out <DIR>', 'where the files are (default: where the authority is)')
  withOutput(withStrengthOptions(withKeyOptions(command, 'as before'))).action(renew)
}

async function renew(first: string, second: string | undefined, options: Options): Promise<void> {
  const terminal = terminalFor(options)
  if (first === 'authority' && second !== undefined) return renewRoot(second, options, terminal)
  const role = second === undefined ? undefined : requireRole(first)
  const layout = await openLayout(second ?? first)
  const out = options.out === undefined ? layout : await openLayout(options.out)
  const strength = await loadStrength(options, terminal)
  const choice = await readKeyOptions(options)
  const { renewIdentity } = await import('../../pki/certificate-issuance.ts')
  const { reportBeforeFailure, reportIssued } = await import('../pki-text.ts')
  const { readPassphrase } = await import('../../pki/private-key-file.ts')
  const { newKey = false, keyPassphraseFile: file } = options
  const keyPassphrase = file === undefined ? {} : { keyPassphrase: readPassphrase(file) }
  const pairs = await findPairs(out, role, options)
  const renewed: Issued[] = []
  try {
    for (const pair of pairs) {
      renewed.push(
        renewIdentity({ pair, layout, out, strength, newKey, ...keyPassphrase, ...choice }),
      )
    }
  } catch (error) {
    // The certificates before this one have been replaced and stay so.
    reportBeforeFailure(renewed, terminal)
    throw error
  }
  reportIssued(renewed, terminal)
}

async function renewRoot(root: string, options: Options, terminal: Terminal): Promise<void> {
  const { renewAuthority, retireFormerAuthority } = await import('../../pki/authority-renewal.ts')
  const { reportIssued } = await import('../pki-text.ts')
  const layout = await openLayout(root)
  const choice = await readKeyOptions(options)
  if (options.retire) {
    const path = retireFormerAuthority(layout, choice.passphrase)
    if (options.json) terminal.setResult({ issued: [] })
    else terminal.print(`wrote ${path}: the former authority is gone; copy it to every host`)
    return
  }
  const strength = await loadStrength(options, terminal)
  const renewed = renewAuthority({ layout, strength, newKey: options.newKey ?? false, ...choice })
  reportIssued([renewed], terminal)
  for (const line of stepsAfter(renewed, root)) terminal.note(line)
}

/** No host is to meet a certificate of an authority that it does not trust yet, or no longer. */
function stepsAfter({ isKeyKept, certificateFile }: Issued, root: string): readonly string[] {
  const copy = `copy ${certificateFile} to every host, of servers and clients, and let each load it`
  if (isKeyKept) return [`next: ${copy}, before the old one ends`]
  return [
    `next: 1. ${copy}`,
    `      2. renew the certificates, host by host: cryptopolicy pki renew ${root} --out HOST`,
    `      3. cryptopolicy pki renew authority ${root} --retire, then do 1. again`,
  ]
}

async function findPairs(
  layout: Awaited<ReturnType<typeof openLayout>>,
  role: EndpointRole | undefined,
  options: Options,
) {
  const { listPairs, parseIdentity } = await import('../../pki/layout.ts')
  const { PKI_KINDS } = await import('../../pki/pki-diagnostics.ts')
  const only = options.identity === undefined ? undefined : parseIdentity(options.identity)
  const pairs = listPairs(layout)
    .filter((pair) => role === undefined || pair.role === role)
    .filter((pair) => only === undefined || pair.identity === only)
  return pairs.length > 0 ? pairs : fail(PKI_KINDS.nothingToRenew, { root: layout.root, role })
}

function requireRole(name: string): EndpointRole {
  const role = ROLES.find((known) => known === name)
  return role ?? fail(CLI_KINDS.unknownName, { what: 'role', name, known: ROLES })
}

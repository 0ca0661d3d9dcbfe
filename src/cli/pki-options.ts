/** The options that commands on certificates share, and what they stand for. */
import { type Stats, statSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { fail } from '../diagnostics/diagnostic.ts'
import type { KeyRequest } from '../pki/key-kind.ts'
import type { Strength } from '../pki/key-strength.ts'
import type { Layout } from '../pki/layout.ts'
import { LAYOUT_NAMES, type LayoutName, ROLES } from '../pki/layout-names.ts'
import { parseInputFile, several } from './option-values.ts'
import {
  loadPriorityContext,
  type PriorityCommandOptions,
  prioritySource,
  withConfigOption,
} from './priority-options.ts'
import type { Terminal } from './terminal.ts'

export type StrengthOptions = PriorityCommandOptions & { readonly priority?: string }

export type KeyOptions = StrengthOptions & {
  readonly days?: string
  readonly key?: string
  readonly passphraseFile?: string
}

/** Whose certificate and key a PKCS #12 file may hold. */
export const PKCS12_ROLES = [...ROLES, 'authority'] as const

export type Pkcs12Role = (typeof PKCS12_ROLES)[number]

export type FolderOptions = { readonly layout?: LayoutName }

/** Adds the options that say which policy is in force. */
export function withStrengthOptions(command: Command): Command {
  return withConfigOption(command)
    .option('--priority <PRIORITY>', 'what the policy is asked for (default: @QEMU,SYSTEM)')
    .option('--base-dir <DIR>', 'where back-ends/gnutls.config is')
}

/** Adds the options of what is signed. */
export function withKeyOptions(command: Command, days: string): Command {
  return command
    .option('--days <NUMBER>', `how long it is valid (default: ${days})`)
    .option(
      '--key <KIND>',
      'rsa[:BITS], ecdsa[:CURVE], ed25519, ... (default: what the policy has)',
    )
    .option(
      '--passphrase-file <FILE>',
      'the first line is the passphrase of the authority',
      parseInputFile,
    )
}

export function withLayoutOption(command: Command): Command {
  const option = new Option('--layout <NAME>', 'whose file names (default: those that are there)')
  return command.addOption(option.choices(LAYOUT_NAMES))
}

/**
 * The policy in force: that of --priority, else what endpoints ask for.
 *
 * @throws DiagnosticError where GnuTLS would refuse the string.
 */
export async function loadStrength(
  { priority, ...options }: StrengthOptions,
  terminal: Terminal,
): Promise<Strength> {
  const context = await loadPriorityContext(options, terminal)
  const { endpointDefault } = await import('../priority/endpoint-default.ts')
  const { requirePriority } = await import('../priority/failure/failure-diagnostics.ts')
  const source = priority === undefined ? endpointDefault(context) : prioritySource(priority)
  return { evaluation: requirePriority(source, context), config: context.config }
}

/** What the options of a key come to. */
export type KeyChoice = {
  readonly days?: number
  readonly key?: KeyRequest
  readonly passphrase?: string
}

export async function readKeyOptions({
  days,
  key,
  passphraseFile,
}: KeyOptions): Promise<KeyChoice> {
  const { parseDays } = await import('../pki/validity-period.ts')
  const { parseKeyRequest } = await import('../pki/key-kind.ts')
  const { readPassphrase } = await import('../pki/private-key-file.ts')
  return {
    ...(days === undefined ? {} : { days: parseDays(days) }),
    ...(key === undefined ? {} : { key: parseKeyRequest(key) }),
    ...(passphraseFile === undefined ? {} : { passphrase: readPassphrase(passphraseFile) }),
  }
}

export type NameOptions = {
  readonly cn?: string
  readonly org?: string
  readonly dns?: readonly string[]
  readonly ip?: readonly string[]
  readonly identity?: string
}

/** Adds the options of the names of an endpoint. */
export function withNameOptions(command: Command): Command {
  const text = several((value: string) => value)
  return command
    .option('--cn <NAME>', 'the common name (default: the first of --dns and --ip)')
    .option('--org <NAME>', 'the organization')
    .option('--dns <NAME>', 'a name of the host; may be repeated', text)
    .option('--ip <ADDRESS>', 'an address of the host; may be repeated', text)
    .option('--identity <NUMBER>', 'a further identity beside the first, 0 to 3')
}

/** The names of an endpoint, checked. */
export async function readNames(options: NameOptions) {
  const { parseAddress, parseDnsName } = await import('../pki/host-names.ts')
  const { parseIdentity } = await import('../pki/layout.ts')
  const { dns = [], ip = [], identity } = options
  return {
    ...(await readSubject(options)),
    hosts: [...dns.map(parseDnsName), ...ip.map(parseAddress)],
    ...(identity === undefined ? {} : { identity: parseIdentity(identity) }),
  }
}

/** The names of a subject, checked. */
export async function readSubject({ cn, org }: { readonly cn?: string; readonly org?: string }) {
  const { parseNamePart } = await import('../pki/subject-name.ts')
  return {
    ...(cn === undefined ? {} : { commonName: parseNamePart('--cn', cn) }),
    ...(org === undefined ? {} : { organization: parseNamePart('--org', org) }),
  }
}

/** The layout of a folder: the one that was named, else the one that it has. */
export async function openLayout(root: string, name?: LayoutName): Promise<Layout> {
  const { findLayout, layoutAt } = await import('../pki/layout.ts')
  return name === undefined ? findLayout(root) : layoutAt(name, root)
}

/** Refuses what is no folder, before anything is made of it. */
export async function requireFolder(path: string): Promise<void> {
  const { PKI_KINDS } = await import('../pki/pki-diagnostics.ts')
  const { FILE_KINDS } = await import('../files/file-diagnostics.ts')
  let stats: Stats | undefined
  try {
    stats = statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    fail(FILE_KINDS.unreadable, { path, error })
  }
  if (!stats) fail(FILE_KINDS.missing, { path })
  if (!stats.isDirectory()) fail(PKI_KINDS.notAFolder, { path })
}

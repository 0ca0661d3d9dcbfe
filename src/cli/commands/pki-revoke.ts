/** `cryptopolicy pki revoke`: certificates that endpoints no longer let in. */
import { type Command, Option } from 'commander'
import type { RevocationChange } from '../../pki/revocation.ts'
import { REASON_NAMES, type RevocationReason } from '../../pki/revocation-reasons.ts'
import { terminalFor, withOutput } from '../command.ts'
import { parseInputFile, several } from '../option-values.ts'
import {
  loadStrength,
  openLayout,
  type StrengthOptions,
  withStrengthOptions,
} from '../pki-options.ts'

type Options = StrengthOptions & {
  readonly serial?: readonly string[]
  readonly reason?: RevocationReason
  readonly days?: string
  readonly out?: readonly string[]
  readonly passphraseFile?: string
}

export function addPkiRevoke(group: Command): void {
  const reason = new Option('--reason <NAME>', 'why (default: unspecified)').choices(REASON_NAMES)
  const text = several((value: string) => value)
  const command = group
    .command('revoke')
    .summary('revoke certificates, or renew the list of them')
    .description('Make the next revocation list, which servers read as ca-crl.pem.')
    .argument('<DIR>', 'where the authority is')
    .argument('[CERTIFICATE...]', 'files; with none the list is made anew as it is')
    .option('--serial <HEX>', 'a serial number, where there is no file; may be repeated', text)
    .addOption(reason)
    .option('--days <NUMBER>', 'when the next list is due (default: 30)')
    .option('--out <DIR>', 'a folder that gets the list too; may be repeated', text)
    .option(
      '--passphrase-file <FILE>',
      'the first line is the passphrase of the authority',
      parseInputFile,
    )
  withOutput(withStrengthOptions(command)).action(revoke)
}

async function revoke(root: string, files: readonly string[], options: Options): Promise<void> {
  const terminal = terminalFor(options)
  const { revokeCertificates } = await import('../../pki/revocation.ts')
  const { readPassphrase } = await import('../../pki/private-key-file.ts')
  const { parseDays } = await import('../../pki/validity-period.ts')
  const { serial, reason, days, out = [], passphraseFile } = options
  const change = revokeCertificates({
    layout: await openLayout(root),
    out: await Promise.all(out.map((folder) => openLayout(folder))),
    certificates: files,
    ...(serial === undefined ? {} : { serials: serial }),
    ...(reason === undefined ? {} : { reason }),
    ...(days === undefined ? {} : { days: parseDays(days) }),
    strength: await loadStrength(options, terminal),
    ...(passphraseFile === undefined ? {} : { passphrase: readPassphrase(passphraseFile) }),
  })
  if (options.json) terminal.setResult(changeToJson(change))
  else for (const line of printChange(change)) terminal.print(line)
}

function printChange({ paths, lists }: RevocationChange): readonly string[] {
  return [
    ...lists.flatMap(({ issuer, number, nextUpdate, added, count }) => [
      ...added.map((serial) => `revoked ${serial} of ${issuer}`),
      `list ${number} of ${issuer}: ${count} revoked, the next one is due by ${day(nextUpdate)}`,
    ]),
    ...paths.map((path) => `wrote ${path}`),
  ]
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10)
}

function changeToJson({ paths, lists }: RevocationChange) {
  return {
    paths: [...paths],
    lists: lists.map(({ thisUpdate, nextUpdate, added, ...rest }) => ({
      ...rest,
      added: [...added],
      thisUpdate: thisUpdate.toISOString(),
      nextUpdate: nextUpdate.toISOString(),
    })),
  }
}

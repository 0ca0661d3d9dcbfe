/** `cryptopolicy pki check`: whether endpoints could use what is in a folder, and until when. */

import type { Command } from 'commander'
import { printCount } from '../../diagnostics/count.ts'
import { hasErrors } from '../../diagnostics/diagnostic.ts'
import { diagnosticToJson, type JsonResult } from '../../diagnostics/diagnostic-json.ts'
import type { CheckReport } from '../../pki/credential-check.ts'
import { terminalFor, withOutput } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { parseInputFile } from '../option-values.ts'
import {
  loadStrength,
  requireFolder,
  type StrengthOptions,
  withStrengthOptions,
} from '../pki-options.ts'
import type { Terminal } from '../terminal.ts'

type Options = StrengthOptions & {
  readonly days?: string
  readonly expiring?: string
  readonly hostname?: string
  readonly passphraseFile?: string
}

export function addPkiCheck(group: Command): void {
  const command = group
    .command('check')
    .summary('check certificates and keys')
    .description('Check what is there as QEMU does when it loads it; exit 1 where it is no use.')
    .argument('<DIR>', 'for instance /etc/pki/qemu, or /etc/pki for libvirt')
    .option('--days <NUMBER>', 'what ends within so many days is a finding (default: 30)')
    .option('--expiring <TIME>', 'only what ends within a time such as 30d or 4w, the first first')
    .option('--hostname <NAME>', 'what clients connect to')
    .option(
      '--passphrase-file <FILE>',
      'the first line is the passphrase of the keys',
      parseInputFile,
    )
  withOutput(withStrengthOptions(command)).action(check)
}

async function check(root: string, options: Options): Promise<void> {
  const terminal = terminalFor(options)
  await requireFolder(root)
  const { checkCredentials } = await import('../../pki/credential-check.ts')
  const { parseDays } = await import('../../pki/validity-period.ts')
  const { readPassphrase } = await import('../../pki/private-key-file.ts')
  const { expiring, days = expiring, hostname, passphraseFile } = options
  const all = checkCredentials({
    root,
    strength: await loadStrength(options, terminal),
    ...(days === undefined ? {} : { days: parseDays(days) }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(passphraseFile === undefined ? {} : { passphrase: readPassphrase(passphraseFile) }),
  })
  const report = expiring === undefined ? all : onlyExpiring(all, parseDays(expiring))
  if (options.json) terminal.setResult(reportToJson(report))
  else printReport(report, terminal)
  process.exitCode = hasErrors(report.diagnostics) ? EXIT.answerIsNo : EXIT.done
}

/** Findings about the end of something. */
const ENDS: ReadonlySet<string> = new Set([
  ...['PKI_EXPIRES_SOON', 'PKI_LIST_DUE_SOON', 'PKI_OLDER_QEMU_REFUSES'],
  ...['TLS_CERTIFICATE_EXPIRED', 'TLS_REVOCATION_LIST_STALE'],
])

function onlyExpiring({ certificates, diagnostics }: CheckReport, days: number): CheckReport {
  return {
    certificates: certificates
      .filter(({ daysLeft }) => daysLeft < days)
      .toSorted((one, other) => one.daysLeft - other.daysLeft),
    diagnostics: diagnostics.filter(({ code }) => ENDS.has(code)),
  }
}

function printReport({ certificates, diagnostics }: CheckReport, terminal: Terminal): void {
  for (const { certificate, role, daysLeft } of certificates) {
    const { place, subject, notAfter } = certificate
    const end = `${notAfter.toISOString().slice(0, 10)}, ${printCount(daysLeft, 'day')}`
    terminal.print(`${place.file}: ${role} ${subject}, until ${end}`)
  }
  for (const diagnostic of diagnostics) terminal.printDiagnostic(diagnostic)
  if (diagnostics.length === 0) terminal.note('nothing is wrong')
}

function reportToJson({ certificates, diagnostics }: CheckReport): JsonResult {
  return {
    certificates: certificates.map(({ certificate, role, daysLeft }) => ({
      file: certificate.place.file,
      index: certificate.place.index,
      role,
      subject: certificate.subject,
      issuer: certificate.issuer,
      names: certificate.alternativeNames.map(({ value }) => value),
      notBefore: certificate.notBefore.toISOString(),
      notAfter: certificate.notAfter.toISOString(),
      daysLeft,
      publicKeyHash: certificate.publicKeyHash,
    })),
    findings: diagnostics.map(diagnosticToJson),
  }
}

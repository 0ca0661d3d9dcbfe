/** Options of `audit` and of `audit replay`: what servers are held against, and what makes them fail. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { FindingSeverity } from '../audit/compare/finding.ts'
import { type CommonOptions, withDirectories } from './command.ts'
import { parseInputFile } from './option-values.ts'

/** The programs that may read the policy on the server. */
const READERS = ['gnutls', 'openssl', 'nss', 'java', 'openssh-server'] as const

export type YardstickOptions = CommonOptions & {
  readonly policy?: string
  readonly as?: (typeof READERS)[number]
  readonly priority?: string
  readonly config?: string
  readonly ciphers?: string
  readonly openssl?: string
  readonly guidelines?: string
  readonly level: string
  readonly baseline?: string
  readonly clientCertificate?: boolean
}

export type ReportOptions = YardstickOptions & {
  readonly failOn?: readonly (FindingSeverity | 'never')[]
}

export type AuditOptions = ReportOptions & {
  readonly budget?: number
  readonly rate?: number
  readonly timeout: number
  readonly serverName?: string
  readonly evidence?: string
  readonly jsonl?: true
}

const LIMITS = ['critical', 'high', 'medium', 'low', 'info', 'unknown', 'never'] as const

export function withAuditOptions(command: Command): Command {
  command
    .option('--policy <POLICY>', 'hold it against a policy, for instance FUTURE')
    .addOption(new Option('--as <READER>', 'who reads the policy on the server').choices(READERS))
    .option('--priority <PRIORITY>', 'hold it against a priority string of GnuTLS')
    .option('--config <FILE>', 'the gnutls.config to look keywords up in', parseInputFile)
    .option('--ciphers <LIST>', 'hold it against a cipher list of OpenSSL')
    .option('--openssl <RELEASE>', 'the release that reads the list (default: 3.5)')
    .option('--guidelines <FILE>', "hold it against Mozilla's guidelines as JSON", parseInputFile)
    .option('--level <LEVEL>', 'which of the guidelines', 'intermediate')
    .option('--baseline <FILE>', 'hold it against an earlier scan', parseInputFile)
    .option('--client-certificate', 'demand that it requires a certificate of clients')
    .option('--no-client-certificate', 'do not demand it of any protocol')
    .addOption(
      new Option('--fail-on <SEVERITY>', 'exit with 1 for such findings and worse ones; repeatable')
        .choices(LIMITS)
        .argParser(collectLimit),
    )
  return withDirectories(command)
}

function collectLimit(value: string, before: readonly string[] | undefined): readonly string[] {
  if (!(LIMITS as readonly string[]).includes(value)) {
    throw new InvalidArgumentError(`Allowed choices are ${LIMITS.join(', ')}.`)
  }
  return [...(before ?? []), value]
}

/** Prints what `gnutls-cli -l --priority` prints, and gives its exit status. */
import type { TlsSuite } from '../algorithms/tls-suites.ts'
import { type TlsVersion, type TlsVersionName, versionAge } from '../algorithms/tls-versions.ts'
import {
  type Evaluation,
  type EvaluationOutcome,
  type PriorityFailure,
  reportedOffset,
} from './evaluate.ts'
import type { ListName } from './priority-lists.ts'

/** What gnutls-cli writes, and how it ends. */
export type Listing = {
  readonly stdout: string
  /** As gnutls-cli words it, for scripts that read it. */
  readonly stderr: string
  readonly status: 0 | 1
}

/** Each line after the suites: its title, the list, and what stands before each name. */
const LINES: readonly (readonly [string, ListName, string])[] = [
  ['Protocols', 'protocols', 'VERS-'],
  ['Ciphers', 'ciphers', ''],
  ['MACs', 'macs', ''],
  ['Key Exchange Algorithms', 'keyExchanges', ''],
  ['Groups', 'groups', 'GROUP-'],
  ['PK-signatures', 'signatures', 'SIGN-'],
]

/** Prints an outcome as gnutls-cli does. */
export function printListing(priority: string, outcome: EvaluationOutcome): Listing {
  const header = `Cipher suites for ${priority}\n`
  if (!outcome.ok) {
    return { stdout: header, stderr: printFailure(priority, outcome.failure), status: 1 }
  }
  const { evaluation } = outcome
  const suites = listedSuites(evaluation).map(printSuite).join('')
  return { stdout: `${header}${suites}\n${printLists(evaluation)}`, stderr: '', status: 0 }
}

function printFailure(priority: string, failure: PriorityFailure): string {
  return failure.kind === 'insufficient'
    ? 'Error in priorities: No or insufficient priorities were set.\n'
    : `Syntax error at: ${priority.slice(reportedOffset(failure))}\n`
}

/**
 * gnutls-cli leaves out suites newer than the newest version, but lists those of TLS 1.2 next to
 * TLS 1.3 alone, though nothing can negotiate them.
 */
function listedSuites({ suites, protocols }: Evaluation): readonly TlsSuite[] {
  const stream = newest(protocols, 'stream')
  const datagram = newest(protocols, 'datagram')
  return suites.filter(
    ({ minimum, datagramMinimum }) =>
      stream >= versionAge(minimum) ||
      (datagramMinimum !== undefined && datagram >= versionAge(datagramMinimum)),
  )
}

function newest(protocols: readonly TlsVersion[], transport: TlsVersion['transport']): number {
  const versions = protocols.filter((version) => version.transport === transport)
  return Math.max(-1, ...versions.map(({ name }) => versionAge(name as TlsVersionName)))
}

function printSuite({ gnutlsName, number, minimum }: TlsSuite): string {
  const high = (number >> 8).toString(16).padStart(2, '0')
  const low = (number & 0xff).toString(16).padStart(2, '0')
  return `${gnutlsName.padEnd(50)}\t0x${high}, 0x${low}\t${minimum}\n`
}

function printLists(evaluation: Evaluation): string {
  return LINES.map(([title, list, prefix]) => {
    const items: readonly { readonly name: string }[] = evaluation[list]
    const names = items.map((item) => prefix + item.name)
    return `${title}: ${names.join(', ') || 'none'}\n`
  }).join('')
}

/** What differs between a server and the yardstick that it is held against: plain data, as it is printed under --json. */

/** From worst to least. What could not be learnt has a severity of its own, and never counts as passed. */
const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info', 'unknown'] as const

export type FindingSeverity = (typeof SEVERITIES)[number]

export type FindingVerdict =
  | 'forbidden-but-accepted'
  | 'allowed-but-absent'
  | 'weaker-order'
  | 'below-minimum'
  | 'client-certificate-not-required'
  | 'clear-text-accepted'
  | 'changed'
  | 'unknown'

/** What a finding is about. */
export type FindingItem = {
  /** `suite`, `group`, `host key`, ... */
  readonly kind: string
  readonly name: string
  /** The version of TLS in which it was found; null where that has no meaning. */
  readonly version: string | null
}

/** A line that says so. */
export type Reason = {
  /** `cipher = -AES-128-CBC`, or why there is no line. */
  readonly text: string
  /** `FUTURE.pol:12:10`; null where nothing is written. */
  readonly place: string | null
}

export type Finding = {
  readonly code: string
  readonly severity: FindingSeverity
  readonly verdict: FindingVerdict
  readonly item: FindingItem
  readonly message: string
  readonly remedy: string
  /** The questions whose answers show it, as the evidence names them. */
  readonly evidence: readonly string[]
  readonly reasons: readonly Reason[]
}

/** Worst first; findings of one severity stay in the order in which they were found. */
export function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  const rank = ({ severity }: Finding): number => SEVERITIES.indexOf(severity)
  return findings.toSorted((a, b) => rank(a) - rank(b))
}

/** Whether any finding is as severe as that; `unknown` asks for what could not be learnt. */
export function reaches(findings: readonly Finding[], limit: FindingSeverity): boolean {
  if (limit === 'unknown') return findings.some(({ severity }) => severity === 'unknown')
  const least = SEVERITIES.indexOf(limit)
  return findings.some(
    ({ severity }) => severity !== 'unknown' && SEVERITIES.indexOf(severity) <= least,
  )
}

/** Versions of TLS: those that a server accepts against those that are allowed. */
import { type Answer, isAnswered, type TlsScan } from '../model.ts'
import type { Finding, FindingSeverity } from './finding.ts'
import { FINDING_KINDS, makeFinding } from './finding-kinds.ts'
import { unlessAnswered } from './unknown.ts'
import type { TlsYardstick } from './yardstick.ts'

/** Versions that are broken as such; TLS 1.0 and 1.1 are forbidden by RFC 8996. */
const SEVERITIES: ReadonlyMap<string, FindingSeverity> = new Map([
  ['SSL2.0', 'critical'],
  ['SSL3.0', 'critical'],
  ['TLS1.0', 'high'],
  ['TLS1.1', 'high'],
  ['TLS1.2', 'medium'],
  ['TLS1.3', 'medium'],
])

export function compareVersions(scan: TlsScan, yardstick: TlsYardstick): readonly Finding[] {
  return [...findNone(scan), ...compareEach(scan, yardstick)]
}

/** It may know no such name as the one that was asked for, or serve no one at present. */
function findNone({ versions }: TlsScan): readonly Finding[] {
  const refused = versions.filter(
    ({ result }) => isAnswered(result) && result.answer !== 'accepted',
  )
  if (refused.length === 0 || refused.length < versions.length) return []
  const evidence = refused.map(({ name }) => `suites ${name}`)
  return unlessAnswered(NONE, 'versions', '', null, evidence)
}

const NONE: Answer = { answer: 'unknown', because: 'it accepted none, and showed nothing else' }

function compareEach(
  { versions }: TlsScan,
  { allowed, silentOn, reasonsFor }: TlsYardstick,
): readonly Finding[] {
  const isSilent = silentOn.includes('version')
  return versions.flatMap(({ name, result }) => {
    const evidence = [`suites ${name}`]
    const item = { kind: 'version', name, version: null }
    const reasons = () => reasonsFor({ kind: 'version', name })
    const isAllowed = allowed.versions.some((version) => version.name === name)
    const unknown = unlessAnswered(result, 'version', name, null, evidence)
    if (unknown.length > 0 || isSilent) return unknown
    if (result.answer === 'accepted' && !isAllowed) {
      const severity = SEVERITIES.get(name) ?? 'medium'
      const details = { item, evidence, reasons: reasons(), severity }
      return [makeFinding(FINDING_KINDS.versionForbidden, details)]
    }
    if (result.answer === 'accepted' || !isAllowed) return []
    return [makeFinding(FINDING_KINDS.versionAbsent, { item, evidence, reasons: reasons() })]
  })
}

/** What one side can negotiate, in words that the other side can read, and why it lacks something. */
import { formatLocation } from '../../diagnostics/source.ts'
import type { SystemConfig } from '../../priority/system-config.ts'
import { type AskedAlgorithm, findVerdict } from '../../priority/verdict.ts'
import { printVerdict } from '../../report/priority-verdict.ts'
import type { TlsSettings } from '../../tls/tls-options.ts'
import type { OfferedTls } from './hello.ts'

/** The lists that both sides need something in common of. */
export const OFFERED_LISTS = ['versions', 'suites', 'groups', 'signatureSchemes'] as const

export type OfferedList = (typeof OFFERED_LISTS)[number]

const SUBJECTS: { readonly [List in OfferedList]: AskedAlgorithm['kind'] } = {
  versions: 'protocol',
  suites: 'suite',
  groups: 'group',
  signatureSchemes: 'signature',
}

/** Reasons are for people: a side that allows little lacks much. */
const REASON_LIMIT = 8

export function offeredTls({ allowed, evaluation }: TlsSettings): OfferedTls {
  const { given, entry, origin } = evaluation.resolution
  const names = (rows: readonly { readonly name: string }[]) => rows.map(({ name }) => name)
  return {
    priority: given.text,
    origin: entry ? formatLocation(entry.span) : origin,
    versions: names(allowed.versions),
    suites: names(allowed.suites),
    groups: names(allowed.groups),
    signatureSchemes: names(allowed.signatureSchemes),
  }
}

/** What both sides have, in the order of the first. */
export function inCommon(
  first: OfferedTls,
  second: OfferedTls,
  list: OfferedList,
): readonly string[] {
  return first[list].filter((name) => second[list].includes(name))
}

/**
 * Why a side lacks what the other offers, of each list of which both share nothing.
 *
 * @param config The file that keywords of its string are looked up in.
 */
export function lackingReasons(
  settings: TlsSettings,
  config: SystemConfig,
  peer: OfferedTls,
): readonly string[] {
  const own = offeredTls(settings)
  const lists = OFFERED_LISTS.filter((list) => inCommon(own, peer, list).length === 0)
  return lists.flatMap((list) =>
    peer[list].slice(0, REASON_LIMIT).flatMap((name) => {
      const subject = { kind: SUBJECTS[list], name }
      const { release, resolution } = settings.evaluation
      const verdict = findVerdict(resolution.given, subject, { config, release })
      if (!verdict) return []
      return verdict.allowed
        ? `${verdict.name} is allowed, but not usable with the versions and suites that are left, or with the TLS library`
        : (printVerdict(verdict)[0] ?? [])
    }),
  )
}

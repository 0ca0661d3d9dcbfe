/** What the two hosts have in common of TLS, list by list. */
import { diagnose } from '../../diagnostics/diagnostic.ts'
import type { SystemConfig } from '../../priority/system-config.ts'
import type { TlsSettings } from '../../tls/tls-options.ts'
import { type Check, checked } from './check.ts'
import type { OfferedTls, PreflightServerHello } from './hello.ts'
import {
  inCommon,
  lackingReasons,
  OFFERED_LISTS,
  type OfferedList,
  offeredTls,
} from './offered-tls.ts'
import { PREFLIGHT_KINDS } from './preflight-diagnostics.ts'

const WORDS: { readonly [List in OfferedList]: string } = {
  versions: 'version',
  suites: 'cipher suite',
  groups: 'group',
  signatureSchemes: 'signature scheme',
}

/** A check for each list. */
export function checkSharedTls(
  settings: TlsSettings,
  config: SystemConfig,
  { offered, refusals }: PreflightServerHello,
): readonly Check[] {
  if (!offered) return []
  const own = offeredTls(settings)
  const reasons = [
    ...lackingReasons(settings, config, offered).map((reason) => ({ side: 'here', reason })),
    ...refusals.map((reason) => ({ side: 'there', reason })),
  ].map((data) => diagnose(PREFLIGHT_KINDS.lacking, data))
  return OFFERED_LISTS.map((list) => {
    const what = WORDS[list]
    const name = `shared ${what}s`
    const common = inCommon(own, offered, list)
    if (common.length > 0) return { ...checked(name, shorten(common)), values: common }
    const here = describe(own, list)
    const there = describe(offered, list)
    const finding = diagnose(PREFLIGHT_KINDS.nothingShared, { what, here, there })
    return checked(name, '', [finding, ...reasons])
  })
}

function describe(offered: OfferedTls, list: OfferedList): string {
  return `${shorten(offered[list]) || 'none'} (${offered.priority}, ${offered.origin})`
}

/** People read the first of a list. */
const SHOWN = 4

function shorten(names: readonly string[]): string {
  const more = names.length - SHOWN
  const shown = names.slice(0, SHOWN).join(', ')
  return more > 0 ? `${shown} and ${more} more` : shown
}

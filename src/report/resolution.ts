/** Prints how a priority string was resolved, for people and as data. */
import { type JsonResult, locationToJson } from '../diagnostics/diagnostic-json.ts'
import { formatLocation } from '../diagnostics/source.ts'
import type { GnutlsRelease } from '../priority/releases.ts'
import { asksForKeywords, type ChainLink } from '../priority/resolution-chain.ts'
import type { Resolution } from '../priority/resolve.ts'
import { alignColumns } from './table.ts'

/** How much of a string is shown, in characters. */
const SHOWN = 60

/** One line a link; `>` marks the one that won. */
export function printChain(given: string, links: readonly ChainLink[]): readonly string[] {
  const additions = asksForKeywords(given) ? given.split(':').slice(1).join(':') : ''
  const rows = links.map((link) => [
    link.state === 'wins' ? '>' : ' ',
    link.name,
    placeOf(link),
    describeLink(link),
  ])
  const appended = additions === '' ? [] : [`with :${additions} appended`]
  return [`${given} is looked up:`, ...alignColumns(rows), ...appended]
}

/** For --json. */
export function resolutionToJson(
  resolution: Resolution,
  links: readonly ChainLink[],
  release: GnutlsRelease,
): JsonResult {
  return {
    resolved: resolvedToJson(resolution),
    tried: resolution.tried,
    release,
    chain: links.map(({ name, state, text = null, remark = null, file = null, span }) => ({
      name,
      state,
      text,
      remark,
      file,
      location: locationToJson(span),
    })),
  }
}

/** What a string was resolved to, in the one form that every command has it in. */
export function resolvedToJson({ given, text, origin, key, entry }: Resolution): JsonResult {
  return {
    given: given.text,
    text,
    origin,
    key: key ?? null,
    location: locationToJson(entry?.span),
  }
}

function placeOf({ span, file }: ChainLink): string {
  return span ? formatLocation(span) : (file ?? '')
}

function describeLink({ state, text = '', remark }: ChainLink): string {
  if (state === 'absent') return remark ?? 'not there'
  const inBrackets = remark === undefined ? '' : ` (${remark})`
  return `${state}${inBrackets}: ${text.length > SHOWN ? `${text.slice(0, SHOWN - 3)}...` : text}`
}

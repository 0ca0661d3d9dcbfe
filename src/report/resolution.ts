/** Prints how a priority string was resolved, for people and as data. */
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
): object {
  const { given, text, origin, key, entry, tried } = resolution
  return {
    given: given.text,
    text,
    origin,
    key: key ?? null,
    location: entry ? formatLocation(entry.span) : null,
    tried,
    release,
    chain: links.map(({ span, file, ...link }) => ({
      ...link,
      file: file ?? null,
      location: span ? formatLocation(span) : null,
    })),
  }
}

function placeOf({ span, file }: ChainLink): string {
  return span ? formatLocation(span) : (file ?? '')
}

function describeLink({ state, text = '', remark }: ChainLink): string {
  if (state === 'absent') return remark ?? 'not there'
  const why = remark === undefined ? '' : ` (${remark})`
  return `${state}${why}: ${text.length > SHOWN ? `${text.slice(0, SHOWN - 3)}...` : text}`
}

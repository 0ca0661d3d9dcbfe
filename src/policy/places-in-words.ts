/** Names the places where a policy is looked at, in few words. */
import { PLACE_NAMES, type PlaceName } from './purpose-readers.ts'
import { purpose } from './scope.ts'

/** At most so many places are named one by one; more are called "everywhere". */
const NAMED_PLACES = 5

/**
 * Names places in few words: a purpose with all that refine it becomes `openssh*`, more than half
 * of what could be meant becomes `everywhere but ...`.
 *
 * @param among The places that come into question.
 */
export function describePlaces(
  places: readonly PlaceName[],
  among: readonly PlaceName[] = PLACE_NAMES,
): string {
  const missing = among.filter((place) => !places.includes(place))
  const named = foldFamilies(places, among)
  if (among.length <= NAMED_PLACES) return named.join(', ')
  if (missing.length === 0) return 'everywhere'
  const excepted = foldFamilies(missing, among)
  return excepted.length < named.length && missing.length * 2 < among.length
    ? `everywhere but ${excepted.join(', ')}`
    : named.join(', ')
}

/** Names places one by one; a purpose with all that refine it becomes `openssh*`. */
export function namePlaces(places: readonly PlaceName[]): string {
  return foldFamilies(places, PLACE_NAMES).join(', ')
}

/** `for gnutls, openssl`, or `everywhere`. */
export function phrasePlaces(
  places: readonly PlaceName[],
  among: readonly PlaceName[] = PLACE_NAMES,
): string {
  const text = describePlaces(places, among)
  return text.startsWith('everywhere') ? text : `for ${text}`
}

function foldFamilies(places: readonly PlaceName[], among: readonly PlaceName[]): string[] {
  const folded = new Set<PlaceName>()
  const names: string[] = []
  for (const place of places) {
    const family = among.filter((other) => descendsFrom(other, place))
    const isWhole = family.length > 0 && family.every((other) => places.includes(other))
    if (isWhole) for (const other of family) folded.add(other)
    if (!folded.has(place)) names.push(isWhole ? `${place}*` : place)
  }
  return names
}

function descendsFrom(place: PlaceName, ancestor: PlaceName): boolean {
  if (place === 'baseline') return false
  const { parent } = purpose(place)
  return parent !== undefined && (parent === ancestor || descendsFrom(parent, ancestor))
}

/** Wildcards as POSIX fnmatch has them: `*`, `?`, `[abc]`, `[!a-c]`; case counts. */

type Element =
  | { readonly kind: 'star' }
  | { readonly kind: 'any' }
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'set'; readonly negated: boolean; readonly members: string }

/** Whether a text is a wildcard rather than a plain name. */
export function isGlob(text: string): boolean {
  return /[*?[]/.test(text)
}

/** The names that a wildcard matches, in their order. */
export function matchGlob<Name extends string>(
  pattern: string,
  names: readonly Name[],
): readonly Name[] {
  if (!isGlob(pattern)) {
    const name = names[names.indexOf(pattern as Name)]
    return name === undefined ? [] : [name]
  }
  const elements = parseGlob(pattern)
  return names.filter((name) => matches(elements, name))
}

function parseGlob(pattern: string): readonly Element[] {
  const elements: Element[] = []
  for (let at = 0; at < pattern.length; ) {
    const character = pattern.charAt(at)
    const set = character === '[' ? parseSet(pattern, at) : undefined
    if (set) {
      elements.push(set.element)
      at = set.next
      continue
    }
    if (character === '*') elements.push({ kind: 'star' })
    else if (character === '?') elements.push({ kind: 'any' })
    else elements.push({ kind: 'literal', text: character })
    at++
  }
  return elements
}

/** A `[` without its `]` stands for itself; a `]` right after the start is a member. */
function parseSet(pattern: string, open: number): { element: Element; next: number } | undefined {
  const negated = pattern[open + 1] === '!'
  const first = open + (negated ? 2 : 1)
  const close = pattern.indexOf(']', first + 1)
  if (close < 0) return undefined
  const members = pattern.slice(first, close)
  return { element: { kind: 'set', negated, members }, next: close + 1 }
}

/** Backtracks to the last star only, so the time is bounded by pattern times name. */
function matches(elements: readonly Element[], name: string): boolean {
  let element = 0
  let character = 0
  let star = -1
  let starCharacter = 0
  while (character < name.length) {
    const current = elements[element]
    if (current?.kind === 'star') {
      star = element++
      starCharacter = character
    } else if (current && matchesOne(current, name.charAt(character))) {
      element++
      character++
    } else if (star >= 0) {
      element = star + 1
      character = ++starCharacter
    } else {
      return false
    }
  }
  return elements.slice(element).every((rest) => rest.kind === 'star')
}

function matchesOne(element: Element, character: string): boolean {
  if (element.kind === 'any') return true
  if (element.kind === 'literal') return element.text === character
  if (element.kind === 'set') return inSet(element.members, character) !== element.negated
  return false
}

function inSet(members: string, character: string): boolean {
  for (let at = 0; at < members.length; at++) {
    const low = members.charAt(at)
    const isRange = members[at + 1] === '-' && at + 2 < members.length
    const high = isRange ? members.charAt(at + 2) : low
    if (character >= low && character <= high) return true
    if (isRange) at += 2
  }
  return false
}

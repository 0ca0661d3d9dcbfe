/** Patterns of authorization rules: `*` for any text, `?` for one character, nothing else. */

/**
 * Whether a pattern matches a whole text. Brackets and backslashes are characters like any other.
 * The time is at most the product of both lengths: a name is the peer's to choose.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  const wanted = [...pattern]
  const given = [...text]
  let at = 0
  let star = -1
  let resume = 0
  let index = 0
  while (index < given.length) {
    const one = wanted[at]
    if (one === '*') {
      star = at++
      resume = index
    } else if (one === '?' || one === given[index]) {
      at++
      index++
    } else if (star >= 0) {
      // Let the last star stand for one character more.
      at = star + 1
      index = ++resume
    } else return false
  }
  return wanted.slice(at).every((one) => one === '*')
}

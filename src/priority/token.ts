/** Splits a priority string into its tokens, as GnuTLS does. */

export type Token = {
  readonly text: string
  /** Where it stands in the string. */
  readonly start: number
  readonly end: number
  /**
   * Where GnuTLS says it stands: it adds up the tokens before it and one colon each, and forgets
   * the spaces that it skipped.
   */
  readonly reportedOffset: number
}

/** GnuTLS reads this many tokens and silently drops the rest. */
export const MAX_TOKENS = 128

/**
 * tokens = token *( ":" *" " token )
 *
 * Only spaces are skipped, and only after a colon; any other white space is part of a token.
 */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = []
  let start = 0
  let reportedOffset = 0
  while (tokens.length < MAX_TOKENS) {
    const colon = text.indexOf(':', start)
    const end = colon < 0 ? text.length : colon
    tokens.push({ text: text.slice(start, end), start, end, reportedOffset })
    if (colon < 0) break
    reportedOffset += end - start + 1
    start = skipSpaces(text, colon + 1)
  }
  return tokens
}

function skipSpaces(text: string, start: number): number {
  let at = start
  while (text[at] === ' ') at++
  return at
}

/**
 * Refuses a YAML text that would cost its parser too much. The lexer goes through a text once; the parser
 * calls itself for each level of brackets, and some of its steps look through all that stands before.
 */
import { CST, Lexer } from 'yaml'
import { fail } from '../diagnostics/diagnostic.ts'
import type { Source } from '../diagnostics/source.ts'
import { OPTION_KINDS } from './option-diagnostics.ts'

/** Of brackets, and of signs in a row that each begin a list or a key. Objects need three. */
const MAX_LEVELS = 32

/** Words, signs and the spaces between them. Five hundred objects have about 20,000. */
const MAX_TOKENS = 30_000

/** @throws DiagnosticError OBJECT_MALFORMED where the text has too many words or levels. */
export function refuseExcess(source: Source): void {
  const levels = new Levels()
  let [at, count] = [0, 0]
  for (const token of new Lexer().lex(source.text)) {
    const place = { source, start: at, end: at + 1 }
    if (!isMark(token)) at += token.length
    if (++count > MAX_TOKENS) {
      fail(
        OPTION_KINDS.malformed,
        { reason: `it has more than ${MAX_TOKENS} words`, hint: '' },
        place,
      )
    }
    if (levels.add(token) > MAX_LEVELS) {
      fail(OPTION_KINDS.malformed, { reason: 'this is nested too deeply', hint: '' }, place)
    }
  }
}

/** Whether a token is the lexer's own, and not of the text. */
function isMark(token: string): boolean {
  return token === CST.DOCUMENT || token === CST.FLOW_END || token === CST.SCALAR
}

/** Counts how deep a token is. */
class Levels {
  #brackets = 0
  #signs = 0

  add(token: string): number {
    const type = CST.tokenType(token)
    if (type === 'flow-map-start' || type === 'flow-seq-start') this.#brackets++
    if (type === 'flow-map-end' || type === 'flow-seq-end') this.#brackets--
    if (type === 'seq-item-ind' || type === 'explicit-key-ind') this.#signs++
    else if (type !== 'space') this.#signs = 0
    return this.#brackets + this.#signs
  }
}

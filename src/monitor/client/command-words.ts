/** A line of a script, or of a terminal, as words: like those of a shell, without its substitutions. */
import { fail } from '../../diagnostics/diagnostic.ts'
import { QMP_CLIENT_KINDS } from './client-diagnostics.ts'

/**
 * Words are separated by spaces. Single quotes keep all within them; double quotes too, but for a backslash in front of
 * `"` and `\`. A word that begins with `{` or `[` is JSON and goes to the end of the line.
 *
 * @throws DiagnosticError QMP_BAD_ARGUMENT
 */
export function splitWords(line: string): readonly string[] {
  const words: string[] = []
  let rest = line.trim()
  while (rest !== '' && !rest.startsWith('#')) {
    if (/^[{[]/.test(rest)) return [...words, rest]
    const [whole] = WORD.exec(rest) ?? []
    if (whole === undefined) {
      // What the quote begins with may be a secret.
      return fail(QMP_CLIENT_KINDS.badArgument, { word: 'the line', reason: 'a quote has no end' })
    }
    words.push(unquote(whole))
    rest = rest.slice(whole.length).trimStart()
  }
  return words
}

const WORD = /^(?:'[^']*'|"(?:\\.|[^"\\])*"|[^\s'"])+(?=\s|$)/

function unquote(word: string): string {
  return word.replace(
    /'([^']*)'|"((?:\\.|[^"\\])*)"/g,
    (_, single?: string, double?: string) => single ?? double?.replace(/\\(["\\])/g, '$1') ?? '',
  )
}

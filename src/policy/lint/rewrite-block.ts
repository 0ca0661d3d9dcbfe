/** Rewrites one directive in the physical lines that it takes up, keeping their comments. */
import { countsAtEnd } from '../deprecated.ts'
import { type PolicyWord, printStatement, type Statement } from '../syntax.ts'

/** A range of whole physical lines. */
export type Block = { readonly start: number; readonly end: number }

type Edit = { readonly start: number; readonly end: number; readonly text: string }

/**
 * The lines of a statement with its replacements in its place.
 *
 * @param forms What replaces the statement: itself, another, several, or nothing.
 */
export function rewriteBlock(
  text: string,
  block: Block,
  statement: Statement,
  forms: readonly Statement[],
): string {
  const only = forms.length === 1 ? forms[0] : undefined
  if (only && (countsAtEnd(statement) || only.property.text === statement.property.text)) {
    return applyEdits(text, block, editWords(text, statement, only))
  }
  const comments = commentsIn(text.slice(statement.start, statement.end))
  const lines = [...comments, ...forms.map(printStatement)]
  // A comment behind the statement must not become part of one in it.
  if (forms.length === 0 && comments.length > 0) lines.push('')
  const { start, end } = statement
  const rewritten = applyEdits(text, block, [{ start, end, text: lines.join('\n') }])
  if (forms.length > 0) return rewritten
  return rewritten.includes('#') ? rewritten.trimStart() : ''
}

/** Edits for the property and the values that changed. */
function editWords(text: string, statement: Statement, form: Statement): readonly Edit[] {
  const edits: Edit[] = []
  if (form.property.text !== statement.property.text) {
    const target = `${form.property.text}@${form.scope?.text}`
    edits.push(replaceWord(text, statement.property, target))
  } else if (form.property.text === 'protocol' && !form.scope) {
    // The deprecated form counts everywhere, so @TLS, which is usually meant, would change it.
    edits.push({ start: statement.property.end, end: statement.property.end, text: '@*' })
  }
  for (const [index, word] of statement.values.entries()) {
    const renamed = form.values[index]?.text ?? word.text
    if (renamed !== word.text) edits.push(replaceWord(text, word, renamed))
  }
  return edits
}

/** A word may be continued on the next line; the line breaks and comments in it go behind it. */
function replaceWord(text: string, word: PolicyWord, replacement: string): Edit {
  const lines = text.slice(word.start, word.end).split('\n').slice(0, -1)
  const breaks = lines.map((line) => {
    const hash = line.indexOf('#')
    const backslash = line.lastIndexOf('\\', hash < 0 ? undefined : hash)
    return ` ${line.slice(backslash)}\n`
  })
  return { start: word.start, end: word.end, text: replacement + breaks.join('') }
}

function commentsIn(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const hash = line.indexOf('#')
    return hash < 0 ? [] : [line.slice(hash).trimEnd()]
  })
}

/** @param edits In the order of their places, apart from each other. */
function applyEdits(text: string, block: Block, edits: readonly Edit[]): string {
  let result = ''
  let cursor = block.start
  for (const edit of edits) {
    result += text.slice(cursor, edit.start) + edit.text
    cursor = edit.end
  }
  return result + text.slice(cursor, block.end)
}

/** Puts the strings of applications behind the text of the gnutls back-end. */

/**
 * A text that was made by hand may end within a line or in another section, where GnuTLS would take a string
 * for a part of something else.
 *
 * @param lines `KEYWORD=STRING`, each with its line end.
 */
export function appendStrings(text: string, lines: string): string {
  if (lines === '') return text
  const ended = text === '' || text.endsWith('\n') ? text : `${text}\n`
  const section = [...text.matchAll(/^[ \t]*\[([^\]\n]*)\]/gm)].at(-1)?.[1]
  const isBelowPriorities = section === undefined || section === 'priorities'
  return `${ended}${isBelowPriorities ? '' : '[priorities]\n'}${lines}`
}

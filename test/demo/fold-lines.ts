/** Long lines of what the demo prints are folded, to be read at a terminal of 100 columns. */

/** The columns that a line has at most. */
const WIDTH = 98

/** Folds long lines at spaces; where a word is longer than a line, within it. */
export function foldLines(text: string): string {
  return text.split('\n').map(foldLine).join('\n')
}

function foldLine(line: string): string {
  if (line.length <= WIDTH) return line
  const space = line.lastIndexOf(' ', WIDTH)
  const isIndent = line.slice(0, space + 1).trim() === ''
  const end = isIndent ? WIDTH : space
  return `${line.slice(0, end).trimEnd()}\n${foldLine(`      ${line.slice(end).trimStart()}`)}`
}

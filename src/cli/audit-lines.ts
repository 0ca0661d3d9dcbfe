/** Lines of an audit's report: rows, answers in words, and where long ones are cut. */
import type { Answer } from '../audit/model.ts'

const WIDTH = 80

export function row(name: string, value: string): string {
  return `  ${name.padEnd(22)} ${value}`
}

/** The words of the model, with the alert that says why. */
export function printAnswer(answer: Answer): string {
  switch (answer.answer) {
    case 'refused':
      return answer.name === null ? 'refused (closed)' : `refused (${answer.name})`
    case 'unknown':
      return `unknown: ${answer.because}`
    case 'not-offered':
      return 'not offered'
    case 'timed-out':
      return 'timed out'
    default:
      return answer.answer
  }
}

/** Cut at spaces. @param setIn Of what follows the first line, in columns. */
export function wrap(line: string, setIn = 6): readonly string[] {
  if (line.length <= WIDTH) return [line]
  const lines: string[] = []
  let indent = ''
  // No recursion: a peer or a file may have names of a megabyte.
  for (let rest = line.trimEnd(); ; rest = rest.trimStart()) {
    const width = WIDTH - indent.length
    if (rest.length <= width) return [...lines, indent + rest]
    const at = rest.lastIndexOf(' ', width)
    const isCuttable = at > rest.search(/\S/)
    const cut = isCuttable ? at : width
    lines.push(indent + rest.slice(0, cut))
    rest = rest.slice(cut)
    indent = ' '.repeat(setIn)
  }
}

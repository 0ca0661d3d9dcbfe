/** A line of the human monitor -> a command and its words. */
import type { HumanCommand, HumanParameter, HumanValues } from './human-command.ts'

/** A line that is no command: what is told of it. */
export class HumanLineError extends Error {
  constructor(text: string) {
    super(text)
    this.name = 'HumanLineError'
  }
}

export type ParsedLine = { readonly command: HumanCommand; readonly values: HumanValues }

/**
 * @param commands Names may have two words: `info status`.
 * @throws HumanLineError
 */
export function parseHumanLine(line: string, commands: readonly HumanCommand[]): ParsedLine {
  const command = findCommand(line, commands)
  if (!command) {
    const [, name = ''] = /^\s*(info\s+\S+|\S*)/.exec(line) ?? []
    throw new HumanLineError(`unknown command: '${name}'\r\n`)
  }
  const { found, typed, rest } = command
  return { command: found, values: readValues(found, { typed, rest }) }
}

/** As errors and `help` have it: `quit|q`, and `status` of `info status`. */
export function nameOfCommand({ name, letter }: HumanCommand): string {
  const own = name.split(' ').at(-1) ?? name
  return letter === undefined ? own : `${own}|${letter}`
}

function findCommand(line: string, commands: readonly HumanCommand[]) {
  const text = line.trim().replaceAll(/\s+/g, ' ')
  for (const found of commands) {
    const { letter, aliases = [] } = found
    for (const typed of [found.name, ...(letter === undefined ? [] : [letter]), ...aliases]) {
      if (text === typed || text.startsWith(`${typed} `)) {
        return { found, typed, rest: afterWords(line, typed.split(' ').length) }
      }
    }
  }
  return undefined
}

/** What stands behind the first words, with the spaces after it: one may stand in the place of a flag. */
function afterWords(line: string, count: number): string {
  return line.trimStart().replace(new RegExp(`^(?:\\S+\\s*){${count}}`), '')
}

type TypedLine = { readonly typed: string; readonly rest: string }

function readValues(command: HumanCommand, { typed, rest: line }: TypedLine): HumanValues {
  const { parameters } = command
  const name = nameOfCommand(command)
  const { given, rest: words } = readFlags(command, { typed, rest: line })
  let rest = words
  const values = new Map<string, string>()
  for (const one of parameters) {
    const { name: parameter, isOptional, isDevice } = one
    const expected = `${name}: ${isDevice ? 'block device name' : 'string'} expected`
    const [word, next] = nextValue(one, { typed, rest }, expected)
    if (word === '' && rest.trim() === '') {
      if (!isOptional) throw wrong(typed, expected)
    } else values.set(parameter, word)
    rest = next
  }
  if (rest.trim() !== '') throw wrong(typed, `${name}: extraneous characters at the end of line`)
  return {
    text: (parameter) => values.get(parameter) ?? '',
    optional: (parameter) => values.get(parameter),
    has: (flag) => given.has(flag),
  }
}

/** As QEMU looks for them: in their order, and what follows a letter begins the next word. */
function readFlags(command: HumanCommand, { typed, rest: line }: TypedLine) {
  const { flags = [] } = command
  const given = new Set<string>()
  let rest = line
  for (const [at, flag] of flags.entries()) {
    rest = rest.trimStart()
    const letter = rest.charAt(1)
    if (!rest.startsWith('-')) break
    if (letter === flag) {
      given.add(flag)
      rest = rest.slice(2)
    } else if (!flags.includes(letter, at + 1)) {
      const text = `${nameOfCommand(command)}: unsupported option -${letter}`
      // The end of the line stands in the place of the letter there, and of all that follows it.
      throw letter === '' ? new HumanLineError(`${text}${hintOf(typed)}`) : wrong(typed, text)
    }
  }
  return { given, rest }
}

/** @param expected What is told where there is no word. */
function nextValue(
  { isRest, isNumber }: HumanParameter,
  { typed, rest }: TypedLine,
  expected: string,
) {
  if (isRest) return [rest.trim(), ''] as const
  return isNumber ? nextNumber(typed, rest) : nextWord(rest, () => wrong(typed, expected))
}

/** QEMU takes sums and registers too; only numbers are of use here. */
function nextNumber(typed: string, text: string): readonly [string, string] {
  const line = text.trimStart()
  const [first] = line
  if (first === undefined) throw wrong(typed, 'unexpected end of expression')
  const [word] = /^[+-]?(?:0x[0-9a-f]+|[0-9]+)/i.exec(line) ?? []
  if (word === undefined) throw wrong(typed, `invalid char '${first}' in expression`)
  if (word.startsWith('-') || Number(word) > 0xff_ff_ff_ff) {
    throw wrong(typed, `'${typed}' has failed: integer is for 32-bit values`)
  }
  return [word, line.slice(word.length)]
}

/** A word may stand in double quotes, with a backslash in front of `"`, `'`, `\`, `n` and `r`. */
function nextWord(text: string, refusal: () => HumanLineError): readonly [string, string] {
  const line = text.trimStart()
  if (!line.startsWith('"')) {
    const [word = ''] = /^\S*/.exec(line) ?? []
    return [word, line.slice(word.length)]
  }
  const [whole, inner = ''] = /^"((?:\\[nr"'\\]|[^"\\])*)"/.exec(line) ?? []
  if (whole === undefined) throw refusal()
  return [
    inner.replaceAll(/\\(.)/g, (_, one: string) => ESCAPES[one] ?? one),
    line.slice(whole.length),
  ]
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r' }

function wrong(typed: string, text: string): HumanLineError {
  return new HumanLineError(`${text}\r\n${hintOf(typed)}`)
}

function hintOf(typed: string): string {
  return `Try "help ${typed}" for more information\r\n`
}

/**
 * Runs the examples of a manual page as a shell session and compares what it prints.
 *
 * An example is a block of code marked `console`: a line that begins with `$ ` is a command, lines
 * that begin with `> ` right below go on with it, and the others are its exact output. A line `...`
 * stands for any lines. A command that fails is followed by `$ echo $?`. A word after `console`
 * names a program that the block needs.
 *
 * `...` within a line stands for any characters of it, such as those of a scratch folder's name.
 *
 * The blocks of a page are one session of an ordinary user, in an empty folder, with the programs on the
 * path and nothing else set that changes what they do. Nothing is substituted: a page says itself where its scratch host is.
 */

import { chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll } from 'vitest'
import { ROOT } from '../cli/command.ts'
import { spawnSync } from '../peers/child-process.ts'

export type Example = {
  /** The line of the page, from 1. */
  readonly line: number
  readonly command: string
  readonly expected: readonly string[]
}

export type Block = {
  readonly examples: readonly Example[]
  /** The program without which it cannot be run. */
  readonly needs: string | undefined
}

export type Result = {
  readonly example: Example
  readonly printed: readonly string[]
  readonly status: number
}

/** Stands between the outputs of two commands. */
const SEPARATOR = '\u001e'

/** The blocks of a page. */
export function parseTranscripts(page: string): readonly Block[] {
  const blocks: Block[] = []
  for (const match of page.matchAll(/^```console(?: (\S+))?\n(.*?)^```$/gms)) {
    const firstLine = page.slice(0, match.index).split('\n').length + 1
    const lines = (match[2] ?? '').split('\n').slice(0, -1)
    blocks.push({ examples: parseExamples(lines, firstLine), needs: match[1] })
  }
  return blocks
}

function parseExamples(lines: readonly string[], firstLine: number): readonly Example[] {
  const examples: { line: number; command: string; expected: string[] }[] = []
  for (const [index, text] of lines.entries()) {
    const last = examples.at(-1)
    if (text.startsWith('$ ')) {
      examples.push({ line: firstLine + index, command: text.slice(2), expected: [] })
    } else if (last && text.startsWith('> ') && last.expected.length === 0) {
      last.command += `\n${text.slice(2)}`
    } else if (last) last.expected.push(text)
    else throw new Error(`line ${firstLine + index} comes before any command`)
  }
  return examples
}

/** Runs examples one after the other, as a user who may do nothing special. */
export function runExamples(examples: readonly Example[]): readonly Result[] {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cryptopolicy-docs-')))
  try {
    for (const name of ['', 'home', 'tmp', 'work']) makeOwned(join(folder, name))
    const { stdout } = spawnSync('bash', ['-c', toScript(examples)], {
      cwd: join(folder, 'work'),
      env: environment(folder),
      encoding: 'utf8',
      timeout: 240_000,
      killSignal: 'SIGKILL',
      ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
    })
    const outputs = stdout.split(SEPARATOR)
    return examples.map((example, index) => ({
      example,
      printed: splitLines(outputs[index * 2] ?? ''),
      status: Number(outputs[index * 2 + 1]),
    }))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const isRoot = process.getuid?.() === 0

/** The user and the group without any rights. */
const NOBODY = 65_534

function makeOwned(folder: string): void {
  mkdirSync(folder, { recursive: true })
  if (isRoot) chownSync(folder, NOBODY, NOBODY)
}

/** What Node.js has compiled for the examples of all pages. */
const compiled = mkdtempSync(join(tmpdir(), 'cryptopolicy-compiled-'))
makeOwned(compiled)
afterAll(() => rmSync(compiled, { recursive: true, force: true }))

/** Each command sees the exit status of the one before it. */
function toScript(examples: readonly Example[]): string {
  const steps = examples.map(
    ({ command }) => `(exit $status)\n${command}\nstatus=$?; printf '\\036%d\\036' $status\n`,
  )
  return `exec 2>&1 </dev/null; status=0\n${steps.join('')}`
}

function environment(folder: string): NodeJS.ProcessEnv {
  const node = dirname(process.execPath)
  const path = [join(ROOT, 'bin'), node, process.env.PATH, '/usr/sbin'].join(delimiter)
  return {
    PATH: path,
    HOME: join(folder, 'home'),
    TMPDIR: join(folder, 'tmp'),
    LC_ALL: 'C',
    TZ: 'UTC',
    // Examples start sooner by them, and do the same.
    CRYPTOPOLICY_NODE: process.execPath,
    NODE_COMPILE_CACHE: compiled,
  }
}

function splitLines(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n')
}

/** Whether an output is the expected one, `...` standing for any lines or any part of a line. */
export function isAsExpected({ example, printed }: Result): boolean {
  const pattern = example.expected.map((line) =>
    line === '...'
      ? '(?:[^\n]*\n)*'
      : `${line.trimEnd().split('...').map(quoted).join('[^\n]*')}\n`,
  )
  const text = printed.map((line) => `${line.trimEnd()}\n`).join('')
  return new RegExp(`^${pattern.join('')}$`).test(text)
}

/** As a pattern that matches only this text. */
function quoted(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

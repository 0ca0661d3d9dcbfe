/**
 * Runs the examples of a manual page as a shell session and compares what it prints.
 *
 * An example is a block of code marked `console`: a line that begins with `$ ` is a command, lines
 * that begin with `> ` right below go on with it, and the others are its exact output. A line `...`
 * stands for any lines. A command that fails is followed by `$ echo $?`. A word after `console`
 * names a program that the block needs.
 *
 * The blocks of a page are one session. In it `/etc/crypto-policies` stands for the configuration
 * of a scratch host and `/usr/share/crypto-policies` for the checkout.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { ROOT } from '../cli/command.ts'

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

const BASE_DIR = '/etc/crypto-policies'
const PROFILE_DIR = '/usr/share/crypto-policies'

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

/** Runs examples one after the other on a host of their own. */
export function runExamples(examples: readonly Example[]): readonly Result[] {
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'cryptopolicy-docs-')))
  const base = join(scratch, 'host')
  try {
    for (const folder of [base, join(base, 'local.d'), join(scratch, 'work')]) mkdirSync(folder)
    const { stdout } = spawnSync('bash', ['-c', toScript(examples, base)], {
      cwd: join(scratch, 'work'),
      env: environment(base),
      encoding: 'utf8',
    })
    const outputs = stdout.replaceAll(base, BASE_DIR).replaceAll(ROOT, PROFILE_DIR).split(SEPARATOR)
    return examples.map((example, index) => ({
      example,
      printed: splitLines(outputs[index * 2] ?? ''),
      status: Number(outputs[index * 2 + 1]),
    }))
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** Each command sees the exit status of the one before it. */
function toScript(examples: readonly Example[], base: string): string {
  const steps = examples.map(({ command }) => {
    const located = command.replaceAll(BASE_DIR, base).replaceAll(PROFILE_DIR, ROOT)
    return `(exit $status)\n${located}\nstatus=$?; printf '\\036%d\\036' $status\n`
  })
  return `exec 2>&1 </dev/null; status=0\n${steps.join('')}`
}

function environment(base: string): NodeJS.ProcessEnv {
  const path = [join(ROOT, 'bin'), process.env.PATH, '/usr/sbin'].join(delimiter)
  return { ...process.env, PATH: path, base_dir: base, profile_dir: ROOT, LC_ALL: 'C', TZ: 'UTC' }
}

function splitLines(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n')
}

/** Whether an output is the expected one, `...` standing for any lines. */
export function isAsExpected({ example, printed }: Result): boolean {
  const pattern = example.expected.map((line) =>
    line === '...' ? '(?:[^\n]*\n)*' : `${quoted(foldColumns(line))}\n`,
  )
  const text = printed.map((line) => `${foldColumns(line)}\n`).join('')
  return new RegExp(`^${pattern.join('')}$`).test(text)
}

/** A column beside paths is as wide as the paths, which differ from host to host. */
function foldColumns(line: string): string {
  return /\/crypto-policies\//.test(line) ? line.trimEnd().replace(/ {2,}/g, '  ') : line.trimEnd()
}

/** As a pattern that matches only this text. */
function quoted(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

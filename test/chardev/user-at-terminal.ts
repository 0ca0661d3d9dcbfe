/** A user at a terminal of their own, with a shell that knows jobs and repairs nothing: what is typed there, and what is shown. */
import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { ReadStream } from 'node:tty'
import { onTestFinished } from 'vitest'
import { openPseudoTerminal } from '../../src/files/pseudo-terminal.ts'
import { scratchFolder } from '../cli/command.ts'
import { CRYPTOPOLICY } from '../cli/service-process.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { execFileSync, spawn } from '../peers/child-process.ts'

export type UserAtTerminal = {
  readonly type: (text: string) => void
  /** Waits until it is shown, after what was waited for before. */
  readonly sees: (what: RegExp | string) => Promise<string>
  /** All that was shown. */
  readonly shown: () => string
  /** The settings of the terminal, as stty(1) prints them. */
  readonly settings: () => string
  /** Starts `chardev connect`; gives the number of its process when it is ready. */
  readonly connects: (definition: string, options?: string) => Promise<number>
  /** The terminal goes away, as at the end of a session of ssh. */
  readonly hangUp: () => void
}

export const PROMPT = /\$ $/

/** Waits for the prompt of the shell. */
export async function sitDown(): Promise<UserAtTerminal> {
  const terminal = openPseudoTerminal()!
  const { path } = terminal
  const settings = () => execFileSync('stty', ['-a', '-F', path])
  execFileSync('stty', ['-F', path, 'sane', 'rows', '31', 'columns', '97'])
  const held = openSync(path, constants.O_RDWR | constants.O_NOCTTY)
  onTestFinished(() => closeSync(held))
  const own = terminal.duplicate()!
  const screen = new ReadStream(own)
  screen.on('error', () => {})
  // The first terminal that the leader of a session opens is its own.
  spawn('/bin/sh', ['-c', 'exec sh -i <>"$0" >&0 2>&0', path], {
    env: { ...process.env, PS1: '$ ', TERM: 'dumb' },
    stdio: 'ignore',
  })
  let all = ''
  let seen = 0
  screen.on('data', (bytes: Buffer) => {
    all += bytes.toString('latin1')
  })
  const hangUp = () => {
    screen.destroy()
    terminal.close()
  }
  const sees = async (what: RegExp | string) => {
    const find = (): { index: number; text: string } | undefined => {
      const next = all.slice(seen)
      const text = typeof what === 'string' ? what : what.exec(next)?.[0]
      const index = text === undefined ? -1 : next.lastIndexOf(text)
      return text === undefined || index < 0 ? undefined : { index, text }
    }
    await eventually(() => find() !== undefined)
    const { index, text } = find()!
    seen += index + text.length
    return text
  }
  const type = (text: string) => void writeSync(own, text, undefined, 'latin1')
  const connects = async (definition: string, options = '') => {
    const file = join(scratchFolder(), 'pid')
    type(
      `"${CRYPTOPOLICY}" chardev connect --chardev ${definition} --pid-file ${file} ${options}\n`,
    )
    await sees(/ready: /)
    const pid = Number(readFileSync(file, 'utf8'))
    onTestFinished(() => kill(pid, 'SIGKILL'))
    return pid
  }
  await sees(PROMPT)
  return { type, sees, shown: () => all, settings, connects, hangUp }
}

/** It may have ended. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has.
  }
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

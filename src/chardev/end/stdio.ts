/** Standard input and output: a terminal in raw mode, or whatever they are. */
import { createWriteStream, fstatSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import { isatty, ReadStream } from 'node:tty'
import type { TerminalRules } from '../chardev-context.ts'
import { Attachment, type StandingStreams } from './attachment.ts'
import { EscapeWatch } from './escape-watch.ts'
import { takeTerminal } from './raw-terminal.ts'
import type { Standing } from './standing-end.ts'

/** @param hasSignals Whether Ctrl-C ends this process. */
export function openStdio(rules: TerminalRules, hasSignals: boolean): Standing {
  const streams = openStreams(rules, hasSignals)
  const giveBack = process.stdin.isTTY ? takeTerminal(process.stdin) : () => {}
  streams.source?.on('error', () => {})
  streams.sink.on('error', () => {})
  return {
    place: 'standard input and output',
    attach: () => new Attachment(streams),
    canEnd: !process.stdin.isTTY && !streams.isEndKept,
    // Standard output is of the process, and stays open.
    close: () => {
      giveBack()
      process.stdin.destroy()
    },
  }
}

function openStreams(rules: TerminalRules, hasSignals: boolean): StandingStreams {
  const { stdin } = process
  const sink = openOutput(1)
  const { isEndKept = false } = rules
  if (!stdin.isTTY) return { source: stdin.pause(), sink, isEndKept }
  return { source: stdin.pipe(new EscapeWatch(rules, hasSignals)), sink }
}

/**
 * Standard output without waiting for who reads it: what node:process has for pipes and terminals keeps the
 * whole process waiting.
 */
function openOutput(descriptor: number): Writable {
  if (isatty(descriptor)) return new ReadStream(descriptor)
  const stats = fstatSync(descriptor)
  return stats.isFIFO() || stats.isSocket()
    ? new Socket({ fd: descriptor, readable: false, writable: true })
    : createWriteStream('', { fd: descriptor, autoClose: false })
}

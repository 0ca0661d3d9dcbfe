/** Gives the terminal back where this process can do it no more: after SIGKILL, or a crash of Node.js. */
import { execFileSync, spawn } from 'node:child_process'
import { Socket } from 'node:net'

/**
 * A shell that waits for the end of this process. A session of its own lets it outlive a signal to all
 * processes at the terminal, and change a terminal that is another one's meanwhile. Settings that are not those of
 * this process any more, such as those of a shell that repairs the terminal itself, it leaves alone.
 */
const WATCHER = 'read -r end <&3; [ "$(stty -g)" = "$2" ] && stty "$1"'

/** Settings as text; undefined where there is no stty(1). */
export function terminalSettings(): string | undefined {
  try {
    return execFileSync('stty', ['-g'], { stdio: [0, 'pipe', 'ignore'], encoding: 'utf8' }).trim()
  } catch {
    return undefined
  }
}

/**
 * @param before The settings to be given back.
 * @param taken Those that this process has given it.
 * @returns what ends it, when the terminal was given back.
 */
export function watchTerminal(before: string, taken: string): () => void {
  const watcher = spawn('/bin/sh', ['-c', WATCHER, 'sh', before, taken], {
    stdio: [0, 'ignore', 'ignore', 'pipe'],
    detached: true,
  })
  // Without one, the terminal is as it would be without all this.
  watcher.on('error', () => {})
  watcher.unref()
  const [, , , pipe] = watcher.stdio
  if (pipe instanceof Socket) pipe.on('error', () => {}).unref()
  return () => void watcher.kill('SIGKILL')
}

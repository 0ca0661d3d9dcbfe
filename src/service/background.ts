/**
 * A service that goes to the background once it is ready, as daemons do. A process of Node.js cannot
 * fork, so that the first process starts a second one with the same words and waits for it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fstatSync, writeSync } from 'node:fs'
import type { Readable } from 'node:stream'

/** Which descriptor of the second process the first one waits at. */
const READY_DESCRIPTOR = 3

/** The variable by which the second process knows that it is the second. */
const MARK = 'CRYPTOPOLICY_IN_BACKGROUND'

/** Whether this is the process that serves. */
export function isInBackground(environment: NodeJS.ProcessEnv = process.env): boolean {
  // Only a process that was started with --fork has another one waiting at the descriptor.
  return environment[MARK] === '1' && process.argv.includes('--fork')
}

/**
 * Starts this program anew, apart from the terminal, and waits until it is ready or has ended. What it
 * says until then is passed on. Afterwards its messages go to the file that standard error is, or are
 * thrown away.
 *
 * @returns its exit status; 0 where it is ready.
 */
export async function startInBackground(): Promise<number> {
  const isFile = fstatSync(2).isFile()
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    detached: true,
    // A configuration may come from there.
    stdio: ['inherit', 'ignore', isFile ? 'inherit' : 'pipe', 'pipe'],
    env: { ...process.env, [MARK]: '1' },
  })
  const told = isFile ? Promise.resolve() : passOn(child)
  const status = await Promise.race([untilReady(child), untilEnded(child)])
  // What it said before it was ready, or before it ended, is there by now.
  await told
  child.stderr?.destroy()
  child.unref()
  return status
}

/** In the second process: says that it is ready. */
export function tellReady(): void {
  if (!isInBackground()) return
  delete process.env[MARK]
  try {
    writeSync(READY_DESCRIPTOR, 'ready')
    closeSync(READY_DESCRIPTOR)
  } catch {
    // The first process has been ended meanwhile. This one goes on.
  }
}

async function untilReady(child: ChildProcess): Promise<number> {
  const ready = child.stdio[READY_DESCRIPTOR] as Readable
  const [chunk] = await Promise.race([once(ready, 'data'), once(ready, 'end')])
  // Where it said nothing it has ended; its status tells more.
  return chunk === undefined ? untilEnded(child) : 0
}

async function untilEnded(child: ChildProcess): Promise<number> {
  if (child.exitCode !== null) return child.exitCode
  const [status] = (await once(child, 'exit')) as [number | null]
  return status ?? 1
}

/** A service that is ready says so in a line, and one that ends closes its streams. */
async function passOn(child: ChildProcess): Promise<void> {
  const { stderr } = child
  if (!stderr) return
  let said = ''
  await new Promise<void>((resolve) => {
    stderr.once('end', resolve)
    stderr.on('data', (chunk: Buffer) => {
      process.stderr.write(chunk)
      said += chunk.toString('latin1')
      if (/^ready: .*\n/m.test(said)) resolve()
    })
  })
}

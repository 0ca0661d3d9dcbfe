/** A program that was started with a group of its own, and all that it has started. */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * How long to wait before it is looked whether a group has ended, in milliseconds: at first, and at most. A look
 * reads what each process of the host says.
 */
const FIRST_WAIT = 20
const LONGEST_WAIT = 320

/** @param leader The number of the program; undefined where it was not started. */
export function signalGroup(leader: number | undefined, signal: NodeJS.Signals): void {
  if (!leader) return
  try {
    process.kill(-leader, signal)
  } catch {
    // All of them have ended.
  }
}

/**
 * Ends a group: with SIGTERM, and with SIGKILL what does not obey within so many milliseconds.
 *
 * @returns whether all of it obeyed.
 */
export async function endGroup(leader: number | undefined, patience: number): Promise<boolean> {
  signalGroup(leader, 'SIGTERM')
  const limit = performance.now() + patience
  for (let wait = FIRST_WAIT; isRunning(leader); wait = Math.min(2 * wait, LONGEST_WAIT)) {
    if (performance.now() >= limit) {
      signalGroup(leader, 'SIGKILL')
      return false
    }
    await delay(wait)
  }
  return true
}

/** The same for a program that ends itself: it does nothing else meanwhile. */
export function endGroupsAtOnce(leaders: readonly (number | undefined)[], patience: number): void {
  const cell = new Int32Array(new SharedArrayBuffer(4))
  for (const leader of leaders) signalGroup(leader, 'SIGTERM')
  const limit = performance.now() + patience
  for (let wait = FIRST_WAIT; leaders.some(isRunning) && performance.now() < limit; ) {
    Atomics.wait(cell, 0, 0, wait)
    wait = Math.min(2 * wait, LONGEST_WAIT)
  }
  for (const leader of leaders) signalGroup(leader, 'SIGKILL')
}

/** What has ended stays in its group until its parent has asked for its status: that does not count. */
function isRunning(leader: number | undefined): boolean {
  if (!leader) return false
  try {
    process.kill(-leader, 0)
  } catch {
    // None is left.
    return false
  }
  const processes = readNames('/proc').filter((name) => /^\d+$/.test(name))
  // Without /proc nothing else tells than that the group is there.
  return processes.length === 0 || processes.some((name) => isRunningIn(leader, name))
}

function readNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function isRunningIn(leader: number, name: string): boolean {
  try {
    // A name stands before, which may hold anything.
    const [state, , group] = readFileSync(`/proc/${name}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ')
    return Number(group) === leader && state !== 'Z' && state !== 'X'
  } catch {
    // It has ended meanwhile.
    return false
  }
}

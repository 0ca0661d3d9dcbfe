/** The programs that judge ours. A test that needs one names it; CI fails where it is missing. */
import { test } from 'vitest'
import { findProgram } from '../../src/system/consumers/consumer.ts'

/** Whether a program is installed. Where CI runs it has to be (test/peers/install). */
export function hasPeer(program: string): boolean {
  const isThere = findProgram(program) !== undefined
  if (!isThere && process.env.CI) throw new Error(`CI has no ${program}: run test/peers/install`)
  return isThere
}

/** `test`, skipped where the program is missing; the name says which one it needs. */
export function testWith(
  program: string,
  name: string,
  body: () => void | Promise<void>,
  timeout?: number,
): void {
  test.skipIf(!hasPeer(program))(`${name} [${program}]`, body, timeout)
}

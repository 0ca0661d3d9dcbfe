/** What a user types at a terminal, up to the key that ends the session; Ctrl-C interrupts where signals are on. */
import { once } from 'node:events'
import { expect, onTestFinished, test, vi } from 'vitest'
import { EscapeWatch } from '../../../src/chardev/end/escape-watch.ts'

const CTRL_C = 0x03
const CTRL_BRACKET = 0x1d

/** What goes on to the other side, and what else was done. */
function watched(key: number | undefined, hasSignals: boolean) {
  const kill = vi.spyOn(process, 'kill').mockReturnValue(true)
  onTestFinished(() => kill.mockRestore())
  const escapes: string[] = []
  const watch = new EscapeWatch({ escape: key, onEscape: () => escapes.push('ended') }, hasSignals)
  const sent: Buffer[] = []
  watch.on('data', (bytes) => sent.push(bytes))
  const type = async (...parts: readonly (string | number)[]) => {
    for (const part of parts) {
      watch.write(typeof part === 'string' ? Buffer.from(part) : Buffer.from([part]))
    }
    await new Promise(setImmediate)
    await new Promise(setImmediate)
  }
  const signals = () => kill.mock.calls.map(([, signal]) => signal)
  return { watch, type, escapes, signals, text: () => String(Buffer.concat(sent)) }
}

test('what is typed goes on, and the key of escape ends the session behind it', async () => {
  const { watch, type, escapes, text } = watched(CTRL_BRACKET, false)
  await type('ls\r')
  expect([text(), escapes]).toEqual(['ls\r', []])
  watch.write(Buffer.from([0x61, CTRL_BRACKET, 0x62]))
  await new Promise(setImmediate)
  await new Promise(setImmediate)
  expect([text(), escapes]).toEqual(['ls\ra', ['ended']])
})

test('a key of escape alone sends nothing', async () => {
  const { type, escapes, text } = watched(CTRL_BRACKET, false)
  await type(CTRL_BRACKET)
  expect([text(), escapes]).toEqual(['', ['ended']])
})

test('without a key of escape all of it goes on', async () => {
  const { type, escapes, text } = watched(undefined, false)
  await type(CTRL_BRACKET, 'x')
  expect([text(), escapes]).toEqual(['\u001dx', []])
})

test.each([
  [true, ['SIGINT']],
  [false, []],
])('Ctrl-C interrupts where signals are on (%s), and no other key does', async (isOn, expected) => {
  const { watch, type, signals, text } = watched(undefined, isOn)
  await type('c')
  expect(signals()).toEqual([])
  await type(CTRL_C)
  expect(signals()).toEqual(expected)
  expect(text()).toBe('c\u0003')
  watch.end()
  await once(watch, 'end')
})

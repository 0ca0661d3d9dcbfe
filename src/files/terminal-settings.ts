/** Settings of terminals, by the C library: termios(3). */
import { type Koffi, loadKoffi } from './koffi.ts'

/** `struct termios` is smaller on every Linux. */
const SETTINGS_ROOM = 256

type Calls = ReturnType<typeof declare>

let bound: Calls | undefined

function declare(koffi: Koffi) {
  const library = koffi.load(null)
  return {
    settings: library.func('int tcgetattr(int, void *)'),
    setSettings: library.func('int tcsetattr(int, int, void *)'),
    makeRaw: library.func('void cfmakeraw(void *)'),
  }
}

/**
 * From now on the terminal changes no byte, in either direction: the raw mode of Node.js still writes a carriage
 * return before each line end.
 *
 * @returns what gives it its settings back; undefined where there is no way to call the C library.
 */
export function makeTransparent(descriptor: number): (() => void) | undefined {
  const koffi = loadKoffi()
  if (!koffi) return undefined
  bound ??= declare(koffi)
  const { settings, setSettings, makeRaw } = bound
  const before = Buffer.alloc(SETTINGS_ROOM)
  settings(descriptor, before)
  const raw = Buffer.from(before)
  makeRaw(raw)
  setSettings(descriptor, 0, raw)
  return () => void setSettings(descriptor, 0, before)
}

/** Pseudo-terminals, by the C library: pty(7). */
import { closeSync, constants, openSync } from 'node:fs'
import { type Koffi, loadKoffi } from './koffi.ts'
import { makeTransparent } from './terminal-settings.ts'

export type PseudoTerminal = {
  /** `/dev/pts/3`, where programs open it. */
  readonly path: string
  /** Whether a program has it open. */
  readonly isInUse: () => boolean
  /** Another descriptor of this side; undefined where the process may open no more. */
  readonly duplicate: () => number | undefined
  readonly close: () => void
}

const PATH_ROOM = 128
const O_CLOEXEC = 0o2000000
const F_DUPFD_CLOEXEC = 1030
const POLLHUP = 0x10

/**
 * Makes one in raw mode, so that nothing is echoed or changed.
 *
 * @returns undefined where there is no way to call the C library.
 * @throws an error where the system has no more of them.
 */
export function openPseudoTerminal(): PseudoTerminal | undefined {
  const koffi = loadKoffi()
  return koffi && open(bind(koffi))
}

type Calls = ReturnType<typeof declare>

let bound: Calls | undefined

/** Types have names in koffi that can be given once. */
function bind(koffi: Koffi): Calls {
  bound ??= declare(koffi)
  return bound
}

function declare(koffi: Koffi) {
  const library = koffi.load(null)
  koffi.struct('cryptopolicy_pollfd', { fd: 'int', events: 'short', revents: 'short' })
  return {
    open: library.func('int posix_openpt(int)'),
    grant: library.func('int grantpt(int)'),
    unlock: library.func('int unlockpt(int)'),
    name: library.func('int ptsname_r(int, void *, size_t)'),
    duplicate: library.func('int fcntl(int, int, int)'),
    poll: library.func('int poll(_Inout_ cryptopolicy_pollfd *, unsigned long, int)'),
  }
}

function open(calls: Calls): PseudoTerminal {
  const descriptor: number = calls.open(constants.O_RDWR | constants.O_NOCTTY | O_CLOEXEC)
  if (descriptor < 0) throw new Error('the system gives no pseudo-terminal')
  try {
    const path = prepare(calls, descriptor)
    return {
      path,
      isInUse: () => {
        const asked = [{ fd: descriptor, events: 0, revents: 0 }]
        calls.poll(asked, 1, 0)
        return ((asked[0]?.revents ?? 0) & POLLHUP) === 0
      },
      duplicate: () => {
        const other: number = calls.duplicate(descriptor, F_DUPFD_CLOEXEC, 0)
        return other < 0 ? undefined : other
      },
      close: () => closeSync(descriptor),
    }
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

/** Opens its other side once: it is told of programs that leave only after one was there. */
function prepare(calls: Calls, descriptor: number): string {
  const name = Buffer.alloc(PATH_ROOM)
  const isReady =
    calls.grant(descriptor) === 0 &&
    calls.unlock(descriptor) === 0 &&
    calls.name(descriptor, name, name.length) === 0
  if (!isReady) throw new Error('the pseudo-terminal cannot be opened')
  const path = name.toString('latin1', 0, name.indexOf(0))
  const other = openSync(path, constants.O_RDWR | constants.O_NOCTTY)
  makeTransparent(other)
  closeSync(other)
  return path
}

/** The mode and the owner of a Unix socket, which decide who may connect to it. */
import { lchownSync } from 'node:fs'

export type SocketFile = {
  /** Permissions, such as 0o660. */
  readonly mode?: number
  readonly user?: number
  readonly group?: number
}

const PERMISSIONS = 0o777

/**
 * Runs what binds a socket to a path, so that the socket has its mode from its first moment: a mode
 * that is changed afterwards leaves a moment for others, and could be given to another file by a link.
 *
 * @param bind Binds before it waits for anything.
 * @throws what `bind` throws, or the error of the system where the owner cannot be given.
 */
export async function withSocketFile(
  path: string | undefined,
  file: SocketFile | undefined,
  bind: () => Promise<void>,
): Promise<void> {
  // An abstract socket has no file.
  if (path === undefined || path.startsWith('\0') || !file) return bind()
  const { mode, user = -1, group = -1 } = file
  const before = mode === undefined ? undefined : process.umask(PERMISSIONS & ~mode)
  let bound: Promise<void>
  try {
    bound = bind()
  } finally {
    if (before !== undefined) process.umask(before)
  }
  await bound
  if (user >= 0 || group >= 0) lchownSync(path, user, group)
}

/** Permissions in octal, such as `0660`; undefined where a text is none. */
export function parseMode(text: string): number | undefined {
  return /^0?[0-7]{1,3}$/.test(text) ? Number.parseInt(text, 8) : undefined
}

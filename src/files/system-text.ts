/** Errors of the system in the words of QEMU, which are those of the C library. */
import { getSystemErrorMessage } from 'node:util'

/** `No such file or directory`; what is no error of the system says its own message. */
export function systemText(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException
  const text = errno === undefined ? undefined : getSystemErrorMessage(errno)
  if (text === undefined) return message ?? String(error)
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}

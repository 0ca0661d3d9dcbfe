/** Errors of the system in the words of QEMU, which are those of the C library. */
import { SYSTEM_TEXTS } from '../diagnostics/system-texts.ts'

/** `No such file or directory`; what is no error of the system says its own message. */
export function systemText(error: unknown): string {
  const { code = '', errno, message } = error as NodeJS.ErrnoException
  const text = errno === undefined ? undefined : SYSTEM_TEXTS[code]
  return text ?? message ?? String(error)
}

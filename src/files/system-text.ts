/** Errors of the system in the words of QEMU, which are those of the C library. */
import { getSystemErrorMessage } from 'node:util'

/** Where Node.js has other words than strerror(3) of the GNU C library, by the code. */
const OF_C_LIBRARY: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EAFNOSUPPORT: 'Address family not supported by protocol',
  EALREADY: 'Operation already in progress',
  EBUSY: 'Device or resource busy',
  EEXIST: 'File exists',
  EFAULT: 'Bad address',
  EHOSTUNREACH: 'No route to host',
  EILSEQ: 'Invalid or incomplete multibyte or wide character',
  EIO: 'Input/output error',
  EISCONN: 'Transport endpoint is already connected',
  EISDIR: 'Is a directory',
  ELOOP: 'Too many levels of symbolic links',
  ENAMETOOLONG: 'File name too long',
  ENFILE: 'Too many open files in system',
  ENOMEM: 'Cannot allocate memory',
  ENOTCONN: 'Transport endpoint is not connected',
  ENOTSUP: 'Operation not supported',
  ERANGE: 'Numerical result out of range',
  ESPIPE: 'Illegal seek',
  ETXTBSY: 'Text file busy',
  EXDEV: 'Invalid cross-device link',
}

/** `No such file or directory`; what is no error of the system says its own message. */
export function systemText(error: unknown): string {
  const { code = '', errno, message } = error as NodeJS.ErrnoException
  const text = errno === undefined ? undefined : getSystemErrorMessage(errno)
  if (text === undefined) return message ?? String(error)
  return OF_C_LIBRARY[code] ?? `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}

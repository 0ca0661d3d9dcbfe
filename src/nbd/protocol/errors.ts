/** Errors of the operating system as errors of the protocol, and those in words. */
import { NBD_ERROR } from './constants.ts'
import { errorName } from './names.ts'

/** Errors of the operating system whose number the protocol does not have. */
const NEAREST: Readonly<Record<string, number>> = {
  EACCES: NBD_ERROR.EPERM,
  EROFS: NBD_ERROR.EPERM,
  EDQUOT: NBD_ERROR.ENOSPC,
  EFBIG: NBD_ERROR.ENOSPC,
  EOPNOTSUPP: NBD_ERROR.ENOTSUP,
}

/** Whether an error is one of the operating system; those of Node itself begin with `ERR_`. */
export function isSystemCode(code: string | undefined): code is string {
  return /^E[A-Z0-9]+$/.test(code ?? '')
}

/** The number for an error code of Node such as `ENOSPC`; EIO for what the protocol cannot say. */
export function nbdErrorOf(code: string): number {
  const own: Readonly<Record<string, number>> = NBD_ERROR
  return own[code] ?? NEAREST[code] ?? NBD_ERROR.EIO
}

const WORDS: Readonly<Record<number, string>> = {
  [NBD_ERROR.EPERM]: 'it is not permitted',
  [NBD_ERROR.EIO]: 'input/output error',
  [NBD_ERROR.ENOMEM]: 'out of memory',
  [NBD_ERROR.EINVAL]: 'the request is not valid',
  [NBD_ERROR.ENOSPC]: 'no space is left',
  [NBD_ERROR.EOVERFLOW]: 'the request is too large',
  [NBD_ERROR.ENOTSUP]: 'it is not supported',
  [NBD_ERROR.ESHUTDOWN]: 'the server is shutting down',
}

/** `no space is left (ENOSPC)`. */
export function describeError(error: number): string {
  const words = WORDS[error]
  return words === undefined ? errorName(error) : `${words} (${errorName(error)})`
}

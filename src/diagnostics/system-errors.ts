/** What the error codes of the operating system and of name resolution mean, in words. */
import { SYSTEM_TEXTS } from './system-texts.ts'

/** Where plainer words are known than those of the C library. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EADDRINUSE: 'something listens there already',
  EADDRNOTAVAIL: 'this host has no such address',
  EAFNOSUPPORT: 'this host does not have such addresses',
  EAI_AGAIN: 'the name of the host could not be looked up',
  EBUSY: 'it is in use',
  ECONNREFUSED: 'nothing listens there',
  EDQUOT: 'the disk quota is used up',
  EHOSTUNREACH: 'the host cannot be reached',
  EIO: 'input/output error',
  EISDIR: 'it is a directory',
  ELOOP: 'its symbolic links go in a circle',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'the name is too long',
  ENETUNREACH: 'the network cannot be reached',
  ENFILE: 'too many files are open on this host',
  ENODEV: 'there is no such device',
  ENOENT: 'it does not exist',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is not a directory',
  ENOTCONN: 'it is not connected',
  ENOTFOUND: 'the name of the host is not known',
  EPIPE: 'nothing reads it any more',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ETIMEDOUT: 'it does not answer',
}

/** Of calls of the system alone: errors of our own may bear these codes, and have better words. */
const REASONS_OF_CALLS: Readonly<Record<string, string>> = {
  EBADF: 'its descriptor is closed, or not open for that',
  EINVAL: 'the system takes no such value here',
}

const REMEDIES: Readonly<Record<string, string>> = {
  EMFILE: 'allow more open files: ulimit -n 256, or LimitNOFILE= of its unit',
  ENFILE: 'end other programs, or allow more open files on the host: sysctl fs.file-max',
}

/** What helps against a failure, where that is known. */
export function remedyOf(error: unknown): string | undefined {
  return REMEDIES[codeOf(error)]
}

/** Whether a call failed since this process, or the system, may open no more. */
export function isOutOfDescriptors(error: unknown): boolean {
  return ['EMFILE', 'ENFILE'].includes(codeOf(error))
}

/** Says why a system call failed. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error)
  const { syscall, errno, message } = error as NodeJS.ErrnoException
  const isOfCall = syscall !== undefined || errno !== undefined
  const known = isOfCall ? reasonOfCode(code) : REASONS[code]
  return known ?? message ?? String(error)
}

/** What a code of the system means; undefined where it is none. */
export function reasonOfCode(code: string): string | undefined {
  const text = SYSTEM_TEXTS[code]
  const inWords = text && `${text.charAt(0).toLowerCase()}${text.slice(1)}`
  return REASONS[code] ?? REASONS_OF_CALLS[code] ?? inWords
}

/** The path that a failed call was to change: that of the result, where there was a temporary name before it. */
export function changedPathOf(error: unknown): string | undefined {
  const { path, dest } = error as { readonly path?: string; readonly dest?: string }
  return dest ?? path
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? ''
}

/** The first line of each side: RFC 4253, section 4.2. */
import { refuse } from '../../../wire/protocol-error.ts'

/** `SSH-protoversion-softwareversion SP comments`. */
export type Identification = {
  /** Without its end of line: both sides hash it so. */
  readonly line: string
  /** `2.0`; `1.99` of a server that speaks SSH 1 too (section 5.1). */
  readonly protocol: string
  /** `OpenSSH_9.2p1`. */
  readonly software: string
  /** `Debian-2`; empty where there is none. */
  readonly comments: string
}

/** The longest line, with CR and LF. Lines before the identification are held to it too. */
export const IDENTIFICATION_LIMIT = 255

/** How many lines a server may send before its identification; OpenSSH's client takes 1024. */
export const LINES_BEFORE_LIMIT = 1024

export function isIdentification(line: string): boolean {
  return line.startsWith('SSH-')
}

/** @param line Without its end of line. */
export function parseIdentification(line: string): Identification {
  const match = /^SSH-([\x21-\x2c\x2e-\x7e]+)-([\x21-\x7e]*)(?: ([\x20-\x7e]*))?$/.exec(line)
  if (!match) refuse('a line that does not identify it')
  const [, protocol = '', software = '', comments = ''] = match
  return { line, protocol, software, comments }
}

/** Whether the server speaks SSH 2. */
export function speaksSsh2({ protocol }: Identification): boolean {
  return protocol === '2.0' || protocol === '1.99'
}

/** What `chardev listen` and `chardev connect` are told on their command lines. */
import { type Command, InvalidArgumentError } from 'commander'
import { type ObjectOptions, withObjectOptions } from './object-options.ts'
import { parseCount, parseSocketMode } from './option-values.ts'
import { type LogFormat, limitOption, logOption } from './service-options.ts'

export type ChardevCommandOptions = ObjectOptions & {
  readonly chardev: string
  readonly to: string
  readonly escape?: EscapeKey
  readonly ignoreEof?: true
  readonly clients?: number
  readonly socketMode?: number
  readonly pidFile?: string
  readonly handshakeLimit: number
  readonly log: LogFormat
}

/** A byte, or none. */
type EscapeKey = number | 'none'

const HANDSHAKE = 10

export function withChardevOptions(command: Command): Command {
  return withObjectOptions(command)
    .requiredOption('--chardev <DEFINITION>', 'the socket, as QEMU has it: socket,id=s0,...')
    .option('--to <DEFINITION>', 'what it is joined to: stdio, pty, exec,command=...', 'stdio')
    .option('--escape <KEY>', 'what ends it at a terminal: ^] or none (default: ^])', parseEscape)
    .option('--ignore-eof', 'do not tell the other side that standard input has ended')
    .option('--clients <NUMBER>', 'clients at the same time, waiting ones too', parseCount)
    .option(
      '--socket-mode <MODE>',
      'permissions of Unix sockets, in octal (default: 0600)',
      parseSocketMode,
    )
    .option('--pid-file <FILE>', 'write the number of the process there')
    .addOption(
      limitOption('--handshake-limit', 'to connect and to shake hands, 0 for no limit', HANDSHAKE),
    )
    .addOption(logOption('how connections are told on standard error'))
    .option('-q, --quiet', 'print errors only')
}

/** `^]`: the control key with a letter or a sign. */
function parseEscape(text: string): EscapeKey {
  if (text === 'none') return text
  const [, sign] = /^\^([@-_a-z])$/.exec(text) ?? []
  if (sign !== undefined) return sign.toUpperCase().charCodeAt(0) & 0x1f
  throw new InvalidArgumentError('a key is ^ and a letter or one of @[\\]^_, or none.')
}

/** Options of qemu-nbd that mean little or nothing here: which are accepted, and what to do in place of others. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { fail } from '../diagnostics/diagnostic.ts'
import type { StorageHandling } from '../nbd/storage/handled-storage.ts'
import { CLI_KINDS } from './cli-diagnostics.ts'
import type { Terminal } from './terminal.ts'

export type QemuNbdOptions = {
  readonly cache?: string
  readonly aio?: string
  readonly discard?: string
  readonly detectZeroes?: 'off' | 'on' | 'unmap'
  readonly trace?: string
}

/** Adds those that have an effect, or would have none here. */
export function withQemuNbdOptions(command: Command): Command {
  return command
    .option('--cache <MODE>', 'writeback, or writethrough: each write is then durable', parseCache)
    .addOption(
      new Option('--aio <MODE>', 'accepted; threads are used').choices([
        ...['threads', 'native', 'io_uring'],
      ]),
    )
    .addOption(
      new Option('--discard <MODE>', 'ignore keeps what is trimmed allocated').choices([
        ...['unmap', 'ignore', 'on', 'off'],
      ]),
    )
    .addOption(
      new Option('--detect-zeroes <MODE>', 'on or unmap: zeroes are not written as data').choices([
        ...['off', 'on', 'unmap'],
      ]),
    )
    .option('-v, --verbose', 'accepted; --log json tells all there is')
    .option('-T, --trace <OPTIONS>', 'accepted; nothing is traced')
}

/** Modes of qemu-nbd; the others bypass the cache of the host. */
function parseCache(mode: string): string {
  if (['writeback', 'writethrough', 'unsafe'].includes(mode)) return mode
  if (mode !== 'none' && mode !== 'directsync') {
    throw new InvalidArgumentError('known are writeback, writethrough and unsafe.')
  }
  return refuse(`--cache ${mode}`, NO_DIRECT)
}

const NO_DIRECT =
  'the cache of the host is always used; --cache writethrough makes each write durable, and a flush does so anyway'

type Refused = { readonly flags: string; readonly name: string; readonly hint: string }

/** What cannot be done here, and what does it. */
const REFUSED: readonly Refused[] = [
  { flags: '-n, --nocache', name: '--nocache', hint: NO_DIRECT },
  {
    flags: '-c, --connect <DEV>',
    name: '--connect',
    hint: 'serve at a socket, then: nbd-client -unix SOCKET DEV',
  },
  { flags: '-d, --disconnect <DEV>', name: '--disconnect', hint: 'nbd-client -d DEV does it' },
  { flags: '-L, --list', name: '--list', hint: 'cryptopolicy nbd list HOST:PORT does it' },
  {
    flags: '-s, --snapshot',
    name: '--snapshot',
    hint: 'serve a qcow2 image over FILE by qemu-nbd, or a copy: cp --reflink=auto FILE COPY',
  },
  {
    flags: '-l, --load-snapshot <PARAM>',
    name: '--load-snapshot',
    hint: 'qemu-img convert -l PARAM -O raw FILE COPY writes a snapshot out',
  },
  {
    flags: '-A, --allocation-depth',
    name: '--allocation-depth',
    hint: 'a raw file has no backing file; qemu-nbd tells it of qcow2 images',
  },
  {
    flags: '-B, --bitmap <NAME>',
    name: '--bitmap',
    hint: 'a raw file has no bitmaps; qemu-nbd serves those of qcow2 images',
  },
  { flags: '-P, --partition <NUMBER>', name: '--partition', hint: 'use --offset' },
  { flags: '--image-opts', name: '--image-opts', hint: 'name a raw file or block device' },
  {
    flags: '--selinux-label <LABEL>',
    name: '--selinux-label',
    hint: 'let systemd make the socket: SELinuxContextFromNet= or a label of its folder',
  },
]

/** Adds those that are answered in words; no help lists them. */
export function withRefusedOptions(command: Command): Command {
  for (const { flags, name, hint } of REFUSED) {
    const option = new Option(flags).hideHelp()
    command.addOption(option)
    command.on(`option:${option.name()}`, () => refuse(name, hint))
  }
  return command
}

/** The format of an image. */
export function parseFormat(format: string): 'raw' {
  if (format === 'raw') return format
  const hint = `qemu-img convert -f ${format} -O raw FILE disk.raw, or on the way: cryptopolicy nbd copy -- [ qemu-nbd -r -f ${format} FILE ] DESTINATION`
  return refuse(`--format ${format}`, hint)
}

function refuse(option: string, hint: string): never {
  fail(CLI_KINDS.onlyQemuNbd, { option, hint })
}

/** What the options ask of every storage. */
export function handlingOf({ cache, discard, detectZeroes }: QemuNbdOptions): StorageHandling {
  const keeps = discard === 'ignore' || discard === 'off'
  return {
    cache: cache === 'writethrough' ? 'writethrough' : 'writeback',
    discard: keeps ? 'ignore' : 'unmap',
    detectZeroes: detectZeroes ?? 'off',
  }
}

/** Says what of the accepted options is not done. */
export function tellIgnored({ cache, aio, trace }: QemuNbdOptions, terminal: Terminal): void {
  if (cache === 'unsafe') terminal.note('--cache unsafe: flushes reach the disk all the same')
  if (aio === 'native' || aio === 'io_uring') terminal.note(`--aio ${aio}: threads are used`)
  if (trace !== undefined) terminal.note('--trace: nothing is traced')
}

/** `cryptopolicy pki psk`: a pre-shared key for a user. */
import type { Command } from 'commander'
import { type CommonOptions, terminalFor, withOutput } from '../command.ts'

type Options = CommonOptions & { readonly bits?: string }

export function addPkiPsk(group: Command): void {
  const command = group
    .command('psk')
    .summary('give a user a pre-shared key')
    .description('Give a user a new pre-shared key in keys.psk; those of others stay.')
    .argument('<USER>', "for instance qemu, which is what QEMU's clients call themselves")
    .argument('<DIR>', 'where keys.psk is, or is to be')
    .option('--bits <NUMBER>', 'the size of the key (default: 256)')
  withOutput(command).action(psk)
}

/** The key itself is never printed: it is in the file. */
async function psk(user: string, folder: string, options: Options): Promise<void> {
  const terminal = terminalFor(options)
  const { parsePskBits, replacePsk } = await import('../../pki/psk-file.ts')
  const { bits: text } = options
  const change = replacePsk({
    folder,
    user,
    ...(text === undefined ? {} : { bits: parsePskBits(text) }),
  })
  if (options.json) return terminal.setResult(change)
  const { path, bits, isReplaced } = change
  terminal.print(`wrote ${path}: ${isReplaced ? 'a new key' : 'a key'} of ${bits} bits for ${user}`)
}

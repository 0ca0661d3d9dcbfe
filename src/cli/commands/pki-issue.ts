/** `cryptopolicy pki issue`: the certificate and the key of a server or a client. */
import { Argument, type Command } from 'commander'
import type { EndpointRole } from '../../pki/certificate-extensions.ts'
import { ROLES } from '../../pki/layout-names.ts'
import { terminalFor, withOutput } from '../command.ts'
import {
  type FolderOptions,
  type KeyOptions,
  loadStrength,
  openLayout,
  readKeyOptions,
  readSubject,
  withKeyOptions,
  withLayoutOption,
  withStrengthOptions,
} from '../pki-options.ts'

type Options = KeyOptions &
  FolderOptions & {
    readonly cn?: string
    readonly org?: string
    readonly dns?: readonly string[]
    readonly ip?: readonly string[]
    readonly identity?: string
    readonly out?: string
    readonly force?: true
  }

export function addPkiIssue(group: Command): void {
  const command = group
    .command('issue')
    .summary('make a certificate and its key')
    .description('Make a key, and a certificate that the authority signs.')
    .addArgument(new Argument('<ROLE>', 'what it is for').choices(ROLES))
    .argument('<DIR>', 'where the authority is')
    .option('--cn <NAME>', 'the common name (default: the first of --dns and --ip)')
    .option('--org <NAME>', 'the organization')
    .option('--dns <NAME>', 'a name of the host; may be repeated', collect)
    .option('--ip <ADDRESS>', 'an address of the host; may be repeated', collect)
    .option('--identity <NUMBER>', 'a further identity beside the first, 0 to 3')
    .option('--out <DIR>', 'where the files go (default: where the authority is)')
    .option('--force', 'replace files that are there')
  withOutput(withStrengthOptions(withLayoutOption(withKeyOptions(command, '365')))).action(issue)
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

async function issue(role: EndpointRole, root: string, options: Options): Promise<void> {
  const terminal = terminalFor(options)
  const { issueIdentity } = await import('../../pki/identity.ts')
  const { parseAddress, parseDnsName } = await import('../../pki/host-names.ts')
  const { parseIdentity } = await import('../../pki/layout.ts')
  const { reportIssued } = await import('../pki-text.ts')
  const { dns = [], ip = [], identity } = options
  const issued = issueIdentity({
    role,
    hosts: [...dns.map(parseDnsName), ...ip.map(parseAddress)],
    ...(await readSubject(options)),
    ...(identity === undefined ? {} : { identity: parseIdentity(identity) }),
    ...(await openFolders(root, options)),
    strength: await loadStrength(options, terminal),
    ...(await readKeyOptions(options)),
    force: options.force ?? false,
  })
  reportIssued([issued], terminal)
}

/** The layout that is named is that of the files that are written. */
async function openFolders(root: string, { out, layout }: Options) {
  if (out === undefined) return { layout: await openLayout(root, layout) }
  const from = await openLayout(root)
  return { layout: from, out: await openLayout(out, layout ?? from.name) }
}

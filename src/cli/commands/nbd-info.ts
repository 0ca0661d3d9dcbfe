/** `cryptopolicy nbd info`: what a server says of an export. */
import { type Command, Option } from 'commander'
import { DiagnosticError, fail } from '../../diagnostics/diagnostic.ts'
import type { ExportFacts } from '../../nbd/client/client-negotiation.ts'
import type { MappedExtent } from '../../nbd/client/export-map.ts'
import type { NbdClient } from '../../nbd/client/nbd-client.ts'
import type { NbdUri } from '../../nbd/client/nbd-uri.ts'
import type { SessionFacts } from '../../nbd/export-text.ts'
import { CLI_KINDS } from '../cli-diagnostics.ts'
import { terminalFor, withOutput } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { clientOptions, type NbdOptions, withNbdOptions } from '../nbd-options.ts'
import type { Terminal } from '../terminal.ts'

type Options = NbdOptions & {
  readonly map?: string | true
  readonly totals?: true
  readonly size?: true
  readonly can?: string
  readonly is?: string
}

/** As nbdinfo has it: the question was answered, and the answer is no. */
const ANSWER_IS_NO = 2

export function addNbdInfo(group: Command): void {
  const command = group
    .command('info')
    .summary('what a server says of an export')
    .description('Print the size, the abilities and the session of an export.')
    .usage('[options] URI')
    .argument('[URI...]', 'such as nbds://host/export, or [ COMMAND ARG... ]')
    .option('--map [CONTEXT]', 'list the runs of data and of holes, or what --map=CONTEXT tells of')
    .addOption(new Option('--totals', 'with --map: how much there is of each kind'))
    .addOption(new Option('--size', 'print the size in bytes and nothing else').conflicts('map'))
    .addOption(
      new Option('--can <ABILITY>', 'print nothing; status 0 if it can, 2 if it cannot').conflicts(
        EXCLUDED_BY_QUESTIONS,
      ),
    )
    .addOption(
      new Option('--is <PROPERTY>', 'print nothing; status 0 if it is, 2 if it is not').conflicts([
        ...EXCLUDED_BY_QUESTIONS,
        'can',
      ]),
    )
  withOutput(withNbdOptions(command)).action(info)
}

const EXCLUDED_BY_QUESTIONS = ['map', 'size']

const EXAMPLE = 'cryptopolicy nbd info nbds://host/export'

async function info(given: readonly string[], options: Options, command: Command): Promise<void> {
  const { withClient, withServer } = await import('../nbd-connection.ts')
  const { readTargets } = await import('../nbd-targets.ts')
  const { words, context } = separateContext(given, options, command)
  const [target] = readTargets(words, ['URI'], EXAMPLE)
  if (options.totals && !options.map) {
    const hint = 'for instance: cryptopolicy nbd info --map --totals nbds://host/export'
    fail(CLI_KINDS.missingOption, { what: '--totals needs --map', hint })
  }
  const question = options.can ?? options.is
  if (question !== undefined && options.json) {
    const first = options.can === undefined ? '--is' : '--can'
    const hint =
      'the exit status is the answer: 0 yes, 2 no; --json without it prints all abilities'
    fail(CLI_KINDS.conflictingOptions, { first, second: '--json', hint })
  }
  const asked = { ...options, ...(context === undefined ? {} : { context }) }
  const terminal = terminalFor(options)
  await withServer(target, async (uri) => {
    if (question !== undefined) return answer(uri, question, asked, terminal)
    const looking = withClient(uri, asked, terminal, (client) => look(client, options))
    const looked = await looking.catch((error) => describeTooLarge(error, uri, asked, terminal))
    await tell(uri, looked, options, terminal)
  })
}

/** Only `--map=CONTEXT` names a context: a word behind `--map` is the URI. */
function separateContext(words: readonly string[], { map }: Options, command: Command) {
  if (typeof map !== 'string') return { words, context: undefined }
  const isJoined = rawWords(command).includes(`--map=${map}`)
  return isJoined ? { words, context: map } : { words: [map, ...words], context: undefined }
}

function rawWords(command: Command): readonly string[] {
  const root = command.parent ? rawWords(command.parent) : []
  return [...root, ...(command as Command & { readonly rawArgs: readonly string[] }).rawArgs]
}

async function answer(
  uri: NbdUri,
  name: string,
  options: Options,
  terminal: Terminal,
): Promise<void> {
  const { withClient } = await import('../nbd-connection.ts')
  const { FEATURE_NAMES, findFeature } = await import('../../nbd/client/export-features.ts')
  const feature = findFeature(name)
  if (!feature) fail(CLI_KINDS.unknownName, { what: 'ability', name, known: FEATURE_NAMES })
  const isTrue = await withClient(uri, options, terminal, async (client) => feature(client))
  process.exitCode = isTrue ? EXIT.done : ANSWER_IS_NO
}

type Looked = {
  readonly facts: ExportFacts
  /** Undefined where the export is too large to be entered. */
  readonly session?: SessionFacts & Pick<NbdClient, 'context'>
  readonly extents?: readonly MappedExtent[]
}

async function look(client: NbdClient, { map }: Options): Promise<Looked> {
  const { mapExport } = await import('../../nbd/client/export-map.ts')
  const looked = { facts: client.info, session: client }
  return map ? { ...looked, extents: await mapExport(client) } : looked
}

/** What is known of an export without entering it, where that failed because of its size alone. */
async function describeTooLarge(
  error: unknown,
  uri: NbdUri,
  options: Options,
  terminal: Terminal,
): Promise<Looked> {
  const { NBD_CLIENT_KINDS } = await import('../../nbd/client/nbd-client-diagnostics.ts')
  const { describeExport } = await import('../../nbd/client/server-listing.ts')
  const reasons = error instanceof DiagnosticError ? error.diagnostics : []
  const isTooLarge = reasons.some(({ code }) => code === NBD_CLIENT_KINDS.exportTooLarge.code)
  if (!isTooLarge || options.map) throw error
  const settings = await clientOptions(uri, options, terminal)
  const facts = await describeExport(uri.address, uri.exportName, settings)
  if (!facts) throw error
  return { facts }
}

async function tell(
  uri: NbdUri,
  { facts, session, extents }: Looked,
  options: Options,
  terminal: Terminal,
): Promise<void> {
  const { printExport, exportToJson, sessionToJson } = await import('../../nbd/export-text.ts')
  const { printMap, mapToJson, totalsOf, printTotals, totalsToJson } = await import(
    '../../nbd/map-text.ts'
  )
  // Without a session there is no map, so that its name is never needed.
  const context = session?.context ?? ''
  const { size } = facts
  const totals = options.totals && extents ? totalsOf(extents, Number(size)) : undefined
  if (options.json) {
    return terminal.setResult({
      uri: uri.text,
      export: exportToJson(facts),
      session: session ? sessionToJson(session) : null,
      map: extents && !totals ? mapToJson(extents, context) : null,
      totals: totals ? totalsToJson(totals, context) : null,
    })
  }
  if (options.size) return terminal.print(String(size))
  const print = () => printExport(facts, session)
  const runs = extents ? printMap(extents, context) : print()
  for (const line of totals ? printTotals(totals, context) : runs) terminal.print(line)
}

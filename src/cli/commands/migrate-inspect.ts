/** `cryptopolicy migrate inspect`: what a migration holds, and whether another QEMU would take it. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { fail } from '../../diagnostics/diagnostic.ts'
import type { InspectedMigration } from '../../migration/inspect/migration-inspection.ts'
import { type CommonOptions, terminalFor, withOutput } from '../command.ts'
import { endedBySignals } from '../ended-by-signals.ts'
import { EXIT } from '../exit-codes.ts'
import { parseSize } from '../option-values.ts'
import type { Terminal } from '../terminal.ts'

type Options = CommonOptions & {
  readonly tree?: true
  readonly offset?: number
  readonly pageSize?: number
  readonly ram?: true
  readonly out?: string
}

type Settings = { readonly offset?: number; readonly pageSize?: number }

export function addMigrateInspect(group: Command): void {
  const command = group
    .command('inspect')
    .summary('what a stored migration holds')
    .description(
      'Print what a migration holds, or what differs between two and whether the second QEMU takes the first.',
    )
    .argument(
      '<MIGRATION>',
      'a file, packed by gzip or not, a folder of channels, or - for standard input',
    )
    .argument('[OTHER]', 'what the QEMU sent that is to take the first')
    .option('--tree', 'print the fields of every device')
    .option('--offset <BYTES>', 'where the migration begins in its file', parseSize)
    .option('--page-size <BYTES>', 'of the guest, where it is not 4096 and not told', parsePageSize)
    .addOption(new Option('--ram', "rebuild the guest's memory in the folder of --out"))
    .option('--out <DIR>', 'the folder for --ram; it has to be missing or empty')
  withOutput(command).action(inspect)
}

/** In bytes: the page sizes of the machines that QEMU emulates. */
const SMALLEST_PAGE = 1_024
const LARGEST_PAGE = 65_536

function parsePageSize(text: string): number {
  const size = parseSize(text)
  const isPowerOfTwo = Number.isInteger(Math.log2(size))
  if (size >= SMALLEST_PAGE && size <= LARGEST_PAGE && isPowerOfTwo) return size
  throw new InvalidArgumentError('a page has 1K, 2K, 4K and so on up to 64K.')
}

async function inspect(path: string, other: string | undefined, options: Options): Promise<void> {
  const terminal = terminalFor(options)
  const settings = settingsOf(options)
  await checkUse(other, options)
  if (other !== undefined) return compare(path, other, settings, terminal)
  if (options.out !== undefined) return rebuild(path, options.out, settings, terminal)
  const { inspectMigration } = await import('../../migration/inspect/migration-inspection.ts')
  const migration = await showingFailure(path, terminal, () => inspectMigration(path, settings))
  migration.warnings.forEach(terminal.report)
  await show(migration, options, terminal)
}

function settingsOf({ offset, pageSize }: Options): Settings {
  return {
    ...(offset === undefined ? {} : { offset }),
    ...(pageSize === undefined ? {} : { pageSize }),
  }
}

async function checkUse(other: string | undefined, { ram, out }: Options): Promise<void> {
  const { CLI_KINDS } = await import('../cli-diagnostics.ts')
  if (ram && out === undefined) {
    const hint = 'name the folder for the memory: --ram --out DIR'
    fail(CLI_KINDS.missingOption, { what: '--ram needs --out', hint })
  }
  if (out !== undefined && !ram) {
    const hint = "--out is the folder for the guest's memory: --ram --out DIR"
    fail(CLI_KINDS.missingOption, { what: '--out needs --ram', hint })
  }
  if (ram && other !== undefined) {
    fail(CLI_KINDS.conflictingOptions, { first: '--ram', second: 'a second migration' })
  }
}

async function show(
  migration: InspectedMigration,
  { json, tree }: Options,
  terminal: Terminal,
): Promise<void> {
  if (json) {
    const { migrationToJson } = await import('../../migration/inspect/inspection-json.ts')
    return terminal.setResult({ ...migrationToJson(migration), memory: null })
  }
  const { printMigration } = await import('../../migration/inspect/inspection-text.ts')
  for (const line of printMigration(migration)) terminal.print(line)
  const { inspection } = migration.first
  if (tree && inspection.kind === 'main' && inspection.description) {
    const { printDescription } = await import('../../migration/inspect/description-text.ts')
    for (const line of printDescription(inspection.description)) terminal.print(line)
  }
}

/** What was found before an error is shown with it. */
async function showingFailure<Result>(
  path: string,
  terminal: Terminal,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    const { ChannelFailure } = await import('../../migration/inspect/inspected-channel.ts')
    if (
      error instanceof ChannelFailure &&
      error.inspection?.kind === 'main' &&
      !terminal.options.json
    ) {
      const { printMigration } = await import('../../migration/inspect/inspection-text.ts')
      const { inspection, bytes } = error
      const first = { file: path, bytes, inspection }
      const lines = printMigration({ first, others: [], ignored: [], ram: inspection.ram })
      for (const line of lines) terminal.print(line)
    }
    throw error
  }
}

async function rebuild(
  path: string,
  folder: string,
  settings: Settings,
  terminal: Terminal,
): Promise<void> {
  const { rebuildMemory } = await import('../../migration/memory/memory-folder.ts')
  const { migration, blocks, warnings } = await endedBySignals((signal) =>
    rebuildMemory(path, folder, { ...settings, signal }),
  )
  for (const warning of [...migration.warnings, ...warnings]) terminal.report(warning)
  if (terminal.options.json) {
    const { migrationToJson } = await import('../../migration/inspect/inspection-json.ts')
    return terminal.setResult({ ...migrationToJson(migration), memory: { folder, blocks } })
  }
  for (const { block, file, size } of blocks) {
    terminal.print(`${block}: ${size} bytes in ${folder}/${file}`)
  }
}

async function compare(
  path: string,
  other: string,
  settings: Settings,
  terminal: Terminal,
): Promise<void> {
  const { inspectMigration } = await import('../../migration/inspect/migration-inspection.ts')
  const { compareMigrations } = await import('../../migration/inspect/comparison.ts')
  const { migrationComparisonToJson, printMigrationComparison } = await import(
    '../../migration/inspect/comparison-text.ts'
  )
  const { MIGRATION_KINDS } = await import('../../migration/migration-diagnostics.ts')
  const [first, second] = [
    await inspectMigration(path, settings),
    await inspectMigration(other, settings),
  ]
  const mains = [first, second].map(({ first: { file, inspection } }) =>
    inspection.kind === 'main' ? inspection : fail(MIGRATION_KINDS.notComparable, { file }),
  )
  const [a, b] = mains
  if (!a || !b) throw new Error('two migrations were inspected')
  const comparison = compareMigrations(a, b)
  if (terminal.options.json)
    terminal.setResult({ first: path, second: other, ...migrationComparisonToJson(comparison) })
  else for (const line of printMigrationComparison(comparison, path, other)) terminal.print(line)
  if (!comparison.isTaken) process.exitCode = EXIT.answerIsNo
}

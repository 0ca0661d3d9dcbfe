/** The options that commands with objects share, and the objects that they define. */
import type { Command } from 'commander'
import type { ObjectDefinition } from '../options/object-definition.ts'
import type { SystemConfig } from '../priority/system-config.ts'
import type { TlsObjects } from '../tls/objects/tls-objects.ts'
import type { CommonOptions } from './command.ts'
import { parseInputFile, several } from './option-values.ts'
import { withConfigOption } from './priority-options.ts'
import type { Terminal } from './terminal.ts'

export type ObjectOptions = CommonOptions & {
  readonly object?: readonly string[]
  readonly objects?: readonly string[]
  readonly config?: string
  readonly application?: string
}

/** Adds the options that define objects, and the one that chooses the configuration file. */
export function withObjectOptions(command: Command): Command {
  return withConfigOption(command)
    .option(
      '--object <DEFINITION>',
      'an object, such as tls-creds-x509,id=tls0,...',
      several(String),
    )
    .option('--objects <FILE>', 'objects in a file of YAML or JSON', several(parseInputFile))
    .option('--application <NAME>', 'ask for @NAME,QEMU,SYSTEM where an object has no priority')
    .option('--base-dir <DIR>', 'where back-ends/gnutls.config is')
}

/**
 * Makes the objects, each as `change` would have it, and tells what is noticed about them.
 *
 * @throws DiagnosticError with every refusal.
 */
export async function loadObjects(
  options: ObjectOptions,
  terminal: Terminal,
  change: (definition: ObjectDefinition) => ObjectDefinition = (definition) => definition,
): Promise<TlsObjects> {
  const { readPriorityConfig } = await import('../system/priority-config.ts')
  const { TlsObjects } = await import('../tls/objects/tls-objects.ts')
  const definitions = (await readDefinitions(options)).map(change)
  const { config, diagnostics } = readPriorityConfig(options)
  diagnostics.forEach(terminal.report)
  const readConfig = () => readPriorityConfig({ ...options, isReadAgain: true }).config
  const keyword = await keywordOf(options, config, terminal)
  const known = { config, readConfig, ...(keyword === undefined ? {} : { keyword }) }
  const objects = TlsObjects.create(definitions, known)
  objects.warnings.forEach(terminal.report)
  return objects
}

/** The keyword of an application's policy, else its name in capitals. */
async function keywordOf(
  options: ObjectOptions,
  config: SystemConfig,
  terminal: Terminal,
): Promise<string | undefined> {
  const { application } = options
  if (application === undefined) return undefined
  const { findKeyword } = await import('../system/application-keyword.ts')
  const { findDirectories } = await import('../system/directories.ts')
  const { keyword, diagnostics } = findKeyword(application, findDirectories(options), config)
  diagnostics.forEach(terminal.report)
  return keyword
}

async function readDefinitions({
  object = [],
  objects = [],
}: ObjectOptions): Promise<readonly ObjectDefinition[]> {
  const { parseObject, parseObjects } = await import('../tls/objects/parse-object.ts')
  const { readNamedTextFile } = await import('../files/text-file.ts')
  const written = objects.flatMap((path) => parseObjects(readNamedTextFile(path)))
  return [...written, ...object.map((text) => parseObject(text))]
}

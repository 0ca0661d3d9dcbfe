/** The options that commands with objects share, and the objects that they define. */
import type { Command } from 'commander'
import { fail } from '../diagnostics/diagnostic.ts'
import type { ObjectDefinition } from '../options/object-definition.ts'
import type { SystemConfig } from '../priority/system-config.ts'
import type { TlsObjects } from '../tls/objects/tls-objects.ts'
import type { TlsObjectsContext } from '../tls/objects/tls-objects-options.ts'
import { CLI_KINDS } from './cli-diagnostics.ts'
import type { CommonOptions } from './command.ts'
import { withObjectsPolicy } from './objects-policy-options.ts'
import { parseInputFile, several } from './option-values.ts'
import type { Terminal } from './terminal.ts'

export type ObjectOptions = CommonOptions & {
  readonly object?: readonly string[]
  readonly objects?: readonly string[]
  readonly config?: string
  readonly application?: string
}

/** Adds the options that define objects, and the one that chooses the configuration file. */
export function withObjectOptions(command: Command): Command {
  return withObjectsPolicy(command)
    .option(
      '--object <DEFINITION>',
      'an object, such as tls-creds-x509,id=tls0,...',
      several(String),
    )
    .option('--objects <FILE>', 'objects in a file of YAML or JSON', several(parseInputFile))
}

/** Clients without TLS have no name that could be authorized. @throws DiagnosticError USAGE_MISSING_OPTION. */
export function refuseAuthzWithoutTls({ tlsAuthz, tlsCreds }: AuthzOptions): void {
  if (tlsAuthz === undefined || tlsCreds !== undefined) return
  const hint = '--object tls-creds-x509,id=tls0,dir=DIR,endpoint=server --tls-creds tls0'
  fail(CLI_KINDS.missingOption, { what: '--tls-authz needs TLS', hint })
}

type AuthzOptions = {
  readonly tlsAuthz?: string | undefined
  readonly tlsCreds?: string | undefined
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
  const { TlsObjects } = await import('../tls/objects/tls-objects.ts')
  const definitions = (await readDefinitions(options)).map(change)
  const objects = TlsObjects.create(definitions, await objectsContext(options, terminal))
  objects.warnings.forEach(terminal.report)
  return objects
}

/** The policy that objects obey, now and when they are loaded anew; what is noticed about it is told. */
export async function objectsContext(
  options: ObjectOptions,
  terminal: Terminal,
): Promise<TlsObjectsContext> {
  const { readPriorityConfig } = await import('../system/priority-config.ts')
  const { config, diagnostics } = readPriorityConfig(options)
  diagnostics.forEach(terminal.report)
  const readConfig = () => readPriorityConfig({ ...options, isReadAgain: true }).config
  return withKeyword(options, { config, readConfig }, terminal)
}

/** A configuration and the keyword in it, which goes with every load of the configuration. */
async function withKeyword(
  options: ObjectOptions,
  { config, readConfig }: Required<Pick<TlsObjectsContext, 'config' | 'readConfig'>>,
  terminal: Terminal,
): Promise<TlsObjectsContext> {
  const { application } = options
  if (application === undefined) return { config, readConfig }
  const { findKeyword } = await import('../system/application-keyword.ts')
  const { findDirectories } = await import('../system/directories.ts')
  const find = (read: SystemConfig) => findKeyword(application, findDirectories(options), read)
  let found = find(config)
  found.diagnostics.forEach(terminal.report)
  return {
    config,
    readConfig: () => {
      const read = readConfig()
      const before = found
      found = find(read)
      // A program that has lost its policy is told of once.
      if (before.diagnostics.length === 0) found.diagnostics.forEach(terminal.report)
      return read
    },
    get keyword() {
      return found.keyword
    },
  }
}

/** What the options define, in the order in which files and options stand. */
export async function readDefinitions({
  object = [],
  objects = [],
}: ObjectOptions): Promise<readonly ObjectDefinition[]> {
  const { parseObject, parseObjects } = await import('../tls/objects/parse-object.ts')
  const { readNamedMixedFile } = await import('../files/text-file.ts')
  const written = objects.flatMap((path) => parseObjects(readNamedMixedFile(path)))
  return [...written, ...object.map((text) => parseObject(text))]
}

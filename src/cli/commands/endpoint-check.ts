/** `cryptopolicy endpoint check`: what `endpoint run` would say of a file, without serving anything. */
import type { Command } from 'commander'
import { terminalFor, withOutput } from '../command.ts'
import type { EndpointOptions } from '../endpoint-options.ts'
import { withObjectsPolicy } from '../objects-policy-options.ts'
import { parseInputFile } from '../option-values.ts'

export function addEndpointCheck(group: Command): void {
  const command = group
    .command('check')
    .summary('look for mistakes in a file of endpoints')
    .description(
      'Read a file of endpoints and the certificates and keys that it names, and tell every mistake with its line. Nothing is served.',
    )
    .argument('<FILE>', 'the endpoints, in YAML or JSON: see endpoint.yaml(5)', parseInputFile)
  withOutput(withObjectsPolicy(command)).action(check)
}

async function check(path: string, options: EndpointOptions): Promise<void> {
  const terminal = terminalFor(options)
  const { readNamedMixedFile } = await import('../../files/text-file.ts')
  const { checkEndpointFile } = await import('../../monitor/file/file-check.ts')
  const { objectsContext } = await import('../object-options.ts')
  const source = readNamedMixedFile(path)
  const { file, warnings } = await checkEndpointFile(
    source,
    await objectsContext(options, terminal),
  )
  warnings.forEach(terminal.report)
  const ids = file.objects.map(({ id }) => id)
  const entries = file.entries.map(({ name }) => name)
  if (options.json) terminal.setResult({ file: path, objects: ids, entries })
  else {
    for (const [what, names] of Object.entries({ objects: ids, endpoints: entries })) {
      if (names.length > 0) terminal.print(`${what}: ${names.join(', ')}`)
    }
  }
}

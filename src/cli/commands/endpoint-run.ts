/** `cryptopolicy endpoint run`: the endpoints of a file, in one process. */
import type { Command } from 'commander'
import type { EndpointRunOptions } from '../endpoint-options.ts'
import { withObjectsPolicy } from '../objects-policy-options.ts'
import { parseInputFile } from '../option-values.ts'
import { limitOption, logOption } from '../service-options.ts'

/** In seconds. */
const DRAIN_LIMIT = 30

export function addEndpointRun(group: Command): void {
  const command = group
    .command('run')
    .summary('serve the endpoints of a file')
    .description(
      'Serve the endpoints that a file describes. On SIGHUP the file is read again: what differs is changed, and what does not keeps its connections. A file that is refused changes nothing.',
    )
    .argument('<FILE>', 'the endpoints, in YAML or JSON: see endpoint.yaml(5)', parseInputFile)
  withObjectsPolicy(command)
    .option('--pid-file <FILE>', 'write the number of the process there')
    .addOption(limitOption('--drain-limit', 'for connections when it is told to end', DRAIN_LIMIT))
    .addOption(logOption('how connections and changes are told on standard error'))
    .option('-q, --quiet', 'print errors only')
    .action(run)
}

async function run(path: string, options: EndpointRunOptions): Promise<void> {
  const { runEndpoints } = await import('../endpoint-service.ts')
  await runEndpoints(path, options)
}

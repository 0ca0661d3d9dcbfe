/** An endpoint file in force within the process of a test, which ends with its test. */
import { onTestFinished } from 'vitest'
import { readEndpointFile } from '../../../src/monitor/file/endpoint-file.ts'
import { FileInForce } from '../../../src/monitor/file/file-in-force.ts'
import { HostEndpoints } from '../../../src/monitor/host/host-endpoints.ts'
import { HostMetrics } from '../../../src/monitor/metrics/host-metrics.ts'
import { scratchFolder } from '../../cli/command.ts'

export type Running = {
  readonly folder: string
  readonly host: HostEndpoints
  readonly inForce: FileInForce
  /** Brings a file in force; `DIR` stands for the folder. */
  readonly apply: (text: string) => ReturnType<FileInForce['apply']>
}

export function running(folder = scratchFolder()): Running {
  const host = new HostEndpoints()
  const told = () => {}
  const inForce = new FileInForce({
    endpoints: host,
    context: {},
    metrics: new HostMetrics(),
    tell: told,
    tellOutcome: told,
  })
  onTestFinished(async () => {
    await inForce.end(0)
    await host.close()
  })
  const apply = async (text: string) =>
    inForce.apply(readEndpointFile({ name: 'host.yaml', text: text.replaceAll('DIR', folder) }))
  return { folder, host, inForce, apply }
}

/** What this process is: its release, since when it runs, its memory. */
import { PROGRAM_VERSION } from '../../diagnostics/program-version.ts'
import type { MetricFamily } from './metric-family.ts'

export function processFamilies(): readonly MetricFamily[] {
  const { node, openssl } = process.versions
  return [
    {
      name: 'cryptopolicy_build',
      type: 'info',
      help: 'The release of this program, and what it runs on.',
      samples: [{ labels: { version: PROGRAM_VERSION, node, openssl: openssl ?? '' }, value: 1 }],
    },
    {
      name: 'process_start_time_seconds',
      type: 'gauge',
      unit: 'seconds',
      help: 'When the process was started, in seconds since 1970.',
      samples: [{ value: performance.timeOrigin / 1000 }],
    },
    {
      name: 'process_resident_memory_bytes',
      type: 'gauge',
      unit: 'bytes',
      help: 'Memory of the process.',
      samples: [{ value: process.memoryUsage.rss() }],
    },
  ]
}

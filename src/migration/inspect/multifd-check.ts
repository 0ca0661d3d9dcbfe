/** Holds the multifd channels of a migration against its main channel. */
import { fail } from '../../diagnostics/diagnostic.ts'
import { MIGRATION_KINDS } from '../migration-diagnostics.ts'
import type { Inspection } from './channel-inspection.ts'
import type { CheckedChannel } from './inspected-channel.ts'
import type { MainInspection } from './main-inspection.ts'
import { MultifdInspection } from './multifd-inspection.ts'

/** How often each channel has to have caught up. */
function expectedSyncs({ flushCount, ramEnds }: MainInspection): number {
  return flushCount > 0 ? flushCount : ramEnds
}

/** Whether a channel has sent all pages that the main channel counts on. Other channels always have. */
export function hasCaughtUp(
  channel: { readonly inspection: Inspection | undefined; readonly mayEnd: boolean },
  main: MainInspection,
): boolean {
  const { inspection, mayEnd } = channel
  if (!(inspection instanceof MultifdInspection)) return true
  return mayEnd && inspection.syncs >= expectedSyncs(main)
}

/** Each multifd channel catches up as often as the main channel says. One that was cut does it less often. */
export function checkMultifd(
  folder: string,
  main: MainInspection,
  others: readonly CheckedChannel[],
): void {
  const channels = others.flatMap(({ file, bytes, inspection }) =>
    inspection instanceof MultifdInspection ? [{ file, bytes, inspection }] : [],
  )
  const numbers = channels.map(({ inspection }) => inspection.channel).sort((a, b) => a - b)
  numbers.forEach((number, at) => {
    if (number === at) return
    const file = folder
    fail(MIGRATION_KINDS.channelIncomplete, {
      file,
      expected: `channel ${at}`,
      found: `channel ${number}`,
      offset: 0,
    })
  })
  const expected = expectedSyncs(main)
  for (const { file, bytes, inspection } of channels) {
    if (main.packages.length > 0 || inspection.syncs === expected) continue
    const found = `${inspection.syncs}`
    fail(MIGRATION_KINDS.channelIncomplete, {
      file,
      expected: `${expected} packets with SYNC`,
      found,
      offset: bytes,
    })
  }
}

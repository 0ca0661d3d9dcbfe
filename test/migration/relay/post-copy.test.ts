/** Post-copy through a pair of relays: the guest goes on at the destination before all of its memory is there. */
import { describe, expect } from 'vitest'
import { eventually } from '../../nbd/server/test-server.ts'
import { testWith } from '../../peers/peer.ts'
import { startGuest } from '../guest.ts'
import { QEMU } from '../qemu.ts'
import { startPairInProcess } from './relay-process.ts'

describe('a guest goes on while pages are still sent', () => {
  for (const preempt of [false, true]) {
    const name = preempt ? 'with a channel for urgent pages' : 'over one channel'
    testWith(QEMU, name, async () => {
      const pair = await startPairInProcess()
      const [source, destination] = await Promise.all([
        startGuest({ isPrivate: true }),
        startGuest({ isPrivate: true, isIncoming: true }),
      ])
      const urgent = preempt ? ['postcopy-preempt'] : []
      const capabilities = ['events', 'return-path', 'postcopy-ram', ...urgent]
      for (const { qmp } of [source, destination]) await qmp.setCapabilities(capabilities)
      // So slow that it is not over before post-copy begins, and then as fast as it can.
      const slow = { 'max-bandwidth': 65_536, 'max-postcopy-bandwidth': 0 }
      await source.qmp.run('migrate-set-parameters', slow)
      await destination.qmp.run('migrate-incoming', { uri: `unix:${pair.exit}` })
      await source.qmp.run('migrate', { uri: `unix:${pair.entry}` })
      const state = async () =>
        ((await source.qmp.run('query-migrate')) as { readonly status: string }).status
      await eventually(async () => (await state()) === 'active')
      await source.qmp.run('migrate-start-postcopy')
      const ends = [source.qmp.waitForMigration(), destination.qmp.waitForMigration()]
      expect(await Promise.all(ends)).toEqual(['completed', 'completed'])
      const seen = destination.letters().length
      await destination.qmp.run('cont').catch(() => {})
      await eventually(() => destination.letters().length > seen + 3)
      expect(pair.source.log().match(/reached/g)).toHaveLength(preempt ? 2 : 1)
    })
  }
})

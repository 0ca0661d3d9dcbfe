/** A guest moves with its disk: the memory through one pair of relays, the disk by NBD through another. */
import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { testWith } from '../../peers/peer.ts'
import { differingPages, type Guest, goOn, startGuest } from '../guest.ts'
import { QEMU } from '../qemu.ts'
import { type RelayPair, startPair } from './relay-process.ts'

const JOB = 'drive-virtio-disk0'

/** The destination exports its disk, and waits. */
async function prepare({ qmp }: Guest, memory: RelayPair, disk: RelayPair): Promise<void> {
  await qmp.setCapabilities(['events', 'late-block-activate'])
  const addr = { type: 'unix', data: { path: disk.exit } }
  await qmp.run('nbd-server-start', { addr })
  const node = { 'node-name': 'drive0', name: JOB, writable: true }
  await qmp.run('block-export-add', { type: 'nbd', id: 'export0', ...node })
  await qmp.run('migrate-incoming', { uri: `unix:${memory.exit}` })
}

/** The source mirrors its disk to the destination until both are the same. */
async function mirror({ qmp }: Guest, { entry }: RelayPair): Promise<void> {
  const server = { type: 'unix', path: entry }
  const nbd = { driver: 'nbd', 'node-name': 'target0', server, export: JOB, discard: 'unmap' }
  await qmp.run('blockdev-add', nbd)
  const job = { 'job-id': JOB, device: 'drive0', target: 'target0', sync: 'full' }
  await qmp.run('blockdev-mirror', { ...job, 'auto-dismiss': false })
  await qmp.waitFor(({ event }) => event === 'BLOCK_JOB_READY')
}

/** At the moment when the guest has stopped, the mirror ends; then the rest of the memory goes. */
async function switchOver({ qmp }: Guest, { entry }: RelayPair): Promise<void> {
  await qmp.setCapabilities(['events', 'pause-before-switchover', 'return-path'])
  await qmp.run('migrate-set-parameters', { 'max-bandwidth': 2 ** 40 })
  await qmp.run('migrate', { uri: `unix:${entry}` })
  const isAt = (status: string) => (event: { event?: string; data?: object }) =>
    event.event === 'MIGRATION' && JSON.stringify(event.data).includes(`"${status}"`)
  await qmp.waitFor(isAt('pre-switchover'))
  await qmp.run('block-job-cancel', { device: JOB })
  await qmp.waitFor(
    ({ event, data }) => event === 'JOB_STATUS_CHANGE' && data?.status === 'concluded',
  )
  expect(JSON.stringify(await qmp.run('query-jobs'))).not.toContain('error')
  await qmp.run('job-dismiss', { id: JOB })
  await qmp.run('migrate-continue', { state: 'pre-switchover' })
}

testWith(QEMU, 'memory and disk are the same on both sides, and the guest goes on', async () => {
  const disk = await startPair({ sourceArgs: ['--nbd'], destinationArgs: ['--nbd'] })
  const memory = await startPair()
  const [source, destination] = await Promise.all([startGuest(), startGuest({ isIncoming: true })])
  await prepare(destination, memory, disk)
  await mirror(source, disk)
  await switchOver(source, memory)
  const ends = [source.qmp.waitForMigration(), destination.qmp.waitForMigration()]
  expect(await Promise.all(ends)).toEqual(['completed', 'completed'])
  expect(differingPages(source.memory(), destination.memory())).toEqual([])
  await destination.qmp.run('nbd-server-stop')
  expect(readFileSync(destination.disk).equals(readFileSync(source.disk))).toBe(true)
  expect((await goOn(destination)).length).toBeGreaterThan(3)
  expect(disk.source.log()).toContain('carries a disk by NBD')
})

import { expect, test } from 'vitest'
import { SharedFlush } from '../../../src/nbd/storage/shared-flush.ts'

/** A disk whose syncs end when they are told to. */
function makeDisk() {
  const syncs: { readonly end: () => void; readonly fail: (error: Error) => void }[] = []
  const sync = () =>
    new Promise<void>((resolve, reject) => {
      syncs.push({ end: resolve, fail: reject })
    })
  return { syncs, flush: new SharedFlush(sync) }
}

const soon = () => new Promise((resolve) => setImmediate(resolve))

test('who asks while the disk is busy waits for a sync that begins later, all for the same', async () => {
  const { syncs, flush } = makeDisk()
  const ended: string[] = []
  const ask = (name: string) => flush.run().then(() => ended.push(name))
  const all = [ask('first'), ask('second'), ask('third')]
  expect(syncs.length).toBe(1)
  syncs[0]!.end()
  await soon()
  expect(ended).toEqual(['first'])
  expect(syncs.length).toBe(2)
  all.push(ask('fourth'))
  syncs[1]!.end()
  await soon()
  expect(ended).toEqual(['first', 'second', 'third'])
  syncs[2]!.end()
  await Promise.all(all)
  expect(syncs.length).toBe(3)
  const last = flush.run()
  syncs[3]!.end()
  await last
})

test('once a sync has failed none succeeds: the kernel tells of lost writes only once', async () => {
  const { syncs, flush } = makeDisk()
  const asked = [flush.run(), flush.run(), flush.run()].map((run) => run.catch(String))
  syncs[0]!.fail(new Error('lost'))
  expect(await Promise.all(asked)).toEqual(Array(3).fill('Error: lost'))
  await expect(flush.run()).rejects.toThrow('lost')
  expect(syncs.length).toBe(1)
})

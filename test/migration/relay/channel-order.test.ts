/** Channels are opened in the order in which they came. */
import { expect, test } from 'vitest'
import { ChannelOrder } from '../../../src/migration/relay/channel-order.ts'

test('a channel waits for all before it from its host, and for no other host', async () => {
  const order = new ChannelOrder()
  const seen: string[] = []
  const [first, second, third] = ['a', 'a', 'a'].map((host) => order.enter(host))
  const watch = (name: string, place = order.enter(name)) =>
    place.isFirst.then(() => {
      seen.push(name)
      place.leave()
    })
  const [one, two, three] = [watch('1', first), watch('2', second), watch('3', third)]
  await watch('other')
  await Promise.all([one, two, three])
  expect(seen).toEqual(['1', 'other', '2', '3'])
})

test('a channel that leaves before its turn does not let others pass those before it', async () => {
  const order = new ChannelOrder()
  const [first, second, third] = ['a', 'a', 'a'].map((host) => order.enter(host))
  second?.leave()
  let isFirst = false
  const turn = third?.isFirst.then(() => {
    isFirst = true
  })
  await new Promise(setImmediate)
  expect(isFirst).toBe(false)
  first?.leave()
  await turn
})

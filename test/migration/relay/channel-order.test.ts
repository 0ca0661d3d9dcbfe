/** Channels are opened in the order in which they came. */
import { expect, test } from 'vitest'
import { ChannelOrder } from '../../../src/migration/relay/channel-order.ts'

test('a channel waits for all before it from its host, and for no other host', async () => {
  const order = new ChannelOrder()
  const seen: string[] = []
  const [first, second, third] = ['a', 'a', 'a'].map((host) => order.queue(host))
  const watch = (name: string, turn = order.queue(name)) =>
    turn.begun.then(() => {
      seen.push(name)
      turn.end()
    })
  const [one, two, three] = [watch('1', first), watch('2', second), watch('3', third)]
  await watch('other')
  await Promise.all([one, two, three])
  expect(seen).toEqual(['1', 'other', '2', '3'])
})

test('a channel that leaves before its turn does not let others pass those before it', async () => {
  const order = new ChannelOrder()
  const [first, second, third] = ['a', 'a', 'a'].map((host) => order.queue(host))
  second?.end()
  let isFirst = false
  const passed = third?.begun.then(() => {
    isFirst = true
  })
  await new Promise(setImmediate)
  expect(isFirst).toBe(false)
  first?.end()
  await passed
})

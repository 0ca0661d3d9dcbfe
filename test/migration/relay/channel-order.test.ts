/** Channels are opened in the order in which they came. */
import { expect, onTestFinished, test, vi } from 'vitest'
import { ChannelOrder } from '../../../src/migration/relay/channel-order.ts'

const spoken = () => true
const silent = () => false

test('a channel waits for all before it from its host, and for no other host', async () => {
  const order = new ChannelOrder()
  const seen: string[] = []
  const [first, second, third] = ['a', 'a', 'a'].map((host) => order.queue(host, spoken))
  const watch = (name: string, turn = order.queue(name, spoken)) =>
    turn.begin().then(() => {
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
  const [first, second, third] = ['a', 'a', 'a'].map((host) => order.queue(host, spoken))
  void first?.begin()
  second?.end()
  let isPassed = false
  const passed = third?.begin().then(() => {
    isPassed = true
  })
  await new Promise(setImmediate)
  expect(isPassed).toBe(false)
  first?.end()
  await passed
})

test('one that is let in later than the next is waited for all the same', async () => {
  const order = new ChannelOrder()
  const [first, second] = ['a', 'a'].map((host) => order.queue(host, spoken))
  let isPassed = false
  const passed = second?.begin().then(() => {
    isPassed = true
  })
  await new Promise(setImmediate)
  void first?.begin()
  // Longer than a stranger in its handshake is waited for.
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  expect(isPassed).toBe(false)
  first?.end()
  await passed
})

test('strangers of the same host that never finish their handshake are passed', async () => {
  const order = new ChannelOrder()
  order.queue('a', silent)
  order.queue('a', spoken)
  await order.queue('a', spoken).begin()
})

test('strangers that go on with their handshake are waited for only once, however many they are', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const order = new ChannelOrder()
  for (let stranger = 0; stranger < 3; stranger++) order.queue('a', spoken)
  const passed = order.queue('a', spoken).begin()
  vi.advanceTimersByTime(1_000)
  await passed
})

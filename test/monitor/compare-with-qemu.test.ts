/** Scripts of commands on a real QEMU and on our monitor: the same keys, the same errors; where not, the manual says why. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scratchFolder } from '../cli/command.ts'
import { testWith } from '../peers/peer.ts'
import { startMonitor } from './our-monitor.ts'
import { QEMU, startQemu } from './qemu-monitor.ts'
import type { Message, RawMonitor } from './raw-monitor.ts'
import {
  fillPlaces,
  makePlaces,
  type Places,
  readScript,
  SCRIPTS,
  type Step,
  waitsForGuest,
  withDisk,
} from './script.ts'

/** The differences of the manual, by their names. */
function readDifferences(): readonly string[] {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'monitor.7.md'), 'utf8')
  const [, section = ''] = page.split('## DIFFERENCES FROM QEMU')
  return [...section.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name ?? '')
}

/** The keys of a value, and the types of what is not an object. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])]
  if (typeof value !== 'object' || value === null) return typeof value
  const keys = Object.keys(value).sort()
  return Object.fromEntries(keys.map((key) => [key, shapeOf(value[key as keyof typeof value])]))
}

function answerOf(message: Message | undefined): unknown {
  if (!message) return 'no answer'
  const { id, error, return: result } = message
  // The human monitor answers with a text, which is all that there is to compare.
  if (typeof result === 'string') return { id, text: result }
  if (error) return { id, error }
  return { id, return: shapeOf(result) }
}

async function play(monitor: RawMonitor, steps: readonly Step[], places: Places) {
  const answers: unknown[] = []
  for (const { line } of steps) {
    answers.push(answerOf(await monitor.ask(fillPlaces(line, places))))
  }
  const events = monitor.events.map(({ event, data }) => ({ event, data: shapeOf(data) }))
  return { answers, events }
}

for (const name of SCRIPTS) {
  testWith(QEMU, `answers the script ${name} as QEMU does`, async () => {
    const steps = readScript(name)
    const waits = waitsForGuest(name)
    const places = makePlaces(steps)
    const qemu = await startQemu(waits ? ['-incoming', 'defer'] : [])
    const theirs = await play(qemu, steps, places)
    const { connect } = await startMonitor(waits ? join(scratchFolder(), 'guest') : undefined)
    const ours = await play(await connect(), steps, withDisk(places))
    const known = readDifferences()
    const pairs = steps.map(({ line, difference }, index) => {
      return { line, difference, ours: ours.answers[index], theirs: theirs.answers[index] }
    })
    const same = pairs.filter(({ difference }) => difference === undefined)
    expect(same.map(({ line, ours }) => [line, ours])).toEqual(
      same.map(({ line, theirs }) => [line, theirs]),
    )
    for (const { line, difference, ours, theirs } of pairs) {
      if (difference === undefined) continue
      expect(known).toContain(difference)
      expect([line, ours]).not.toEqual([line, theirs])
    }
    expect(ours.events).toEqual(theirs.events)
  })
}

test('each difference of the manual is shown by a script', () => {
  const shown = SCRIPTS.flatMap(readScript).flatMap(({ difference }) => difference ?? [])
  expect([...new Set(shown)].sort()).toEqual([...readDifferences()].sort())
})

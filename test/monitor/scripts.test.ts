/** The scripts on our monitor: its answers are those that QEMU 7.2 gave, to the last byte, but for what the manual tells. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { PROGRAM_VERSION } from '../../src/diagnostics/program-version.ts'
import { scratchFolder } from '../cli/command.ts'
import { openInProcess } from './in-process-monitor.ts'
import {
  fillPlaces,
  makePlaces,
  type Places,
  readAnswers,
  readScript,
  SCRIPTS,
  waitsForGuest,
} from './script.ts'

/** What is different in each run has a name in its place. */
function normalize(line: string, places: Places): string {
  let text = line.replaceAll(/("port": "|tcp:127\.0\.0\.1:)[1-9]\d{3,4}(?=[",])/g, '$1{PORT}')
  text = text.replace(/\/dev\/pts\/\d+/, '{PTY}').replace(PROGRAM_VERSION, '{VERSION}')
  for (const [name, path] of Object.entries(places)) text = text.replaceAll(path, `{${name}}`)
  return text
}

for (const name of SCRIPTS) {
  test(`answers the script ${name} as was recorded`, async () => {
    const steps = readScript(name)
    const answers = readAnswers(name)
    const guestPath = join(scratchFolder(), 'guest')
    const { client } = await openInProcess(waitsForGuest(name) ? { guestPath } : {})
    const places = makePlaces(steps)
    const pairs: unknown[] = []
    for (const { line } of steps) {
      const answer = await client.askForLine(fillPlaces(line, places))
      pairs.push([line, normalize(answer ?? 'no answer', places)])
    }
    expect(answers).toHaveLength(steps.length)
    expect(pairs).toEqual(
      steps.map(({ line }, index) => [line, answers[index]?.replace(/^~ /, '')]),
    )
  })
}

/**
 * What real clients offer when a converted text sets them up: never more than the priority string
 * allows, and just what the conversion claims. `npm run fuzz:convert` tries many more strings.
 */

import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { exactnessOf } from '../../../src/priority/convert/convert-diagnostics.ts'
import { CONVERSION_LIBRARIES } from '../../../src/priority/library-releases.ts'
import { findInstalledRelease } from '../../../src/system/installed-library.ts'
import { testWith } from '../../peers/peer.ts'
import { CLIENTS, type Client } from './clients.ts'
import { drawStrings, TAKEN } from './draw-strings.ts'
import { findProblems, tryConversion } from './judge.ts'

/** How many random strings each client gets: the slow ones fewer. */
const COUNTS: Readonly<Record<string, number>> = { openssl: 40, node: 20, java: 8, go: 60, nss: 30 }

for (const client of CLIENTS) {
  testWith(
    client.program,
    `a client of ${client.target} offers what is claimed and nothing else`,
    () => tryClient(client),
    600_000,
  )
}

async function tryClient(client: Client): Promise<void> {
  const { target } = client
  const releases = findInstalledRelease(target, CONVERSION_LIBRARIES[target])
  const folder = mkdtempSync(join(tmpdir(), 'cryptopolicy-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const cases = drawStrings(COUNTS[target] ?? 0).flatMap(([text, evaluation]) => {
    const conversion = tryConversion(evaluation, target, releases)
    if (TAKEN[text]?.includes(target)) expect(conversion, text).toBeDefined()
    return conversion ? [{ text, evaluation, conversion }] : []
  })
  const hellos = await client.hellos(
    cases.map(({ conversion }) => conversion.text),
    { folder },
  )
  for (const [index, { text, evaluation, conversion }] of cases.entries()) {
    const problems = findProblems(hellos[index], evaluation, conversion)
    const exactness = exactnessOf(conversion)
    expect({ text, exactness, problems }).toEqual({ text, exactness, problems: [] })
  }
}

/**
 * What real clients offer when a converted text sets them up: never more than the priority string
 * allows, and just what the conversion claims. `npm run fuzz:convert` tries many more strings.
 */
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { libraryOf } from '../../../src/priority/convert/convert.ts'
import { exactnessOf } from '../../../src/priority/convert/convert-diagnostics.ts'
import type { Evaluation } from '../../../src/priority/evaluate.ts'
import { requirePriority } from '../../../src/priority/failure-diagnostics.ts'
import { findInstalledRelease } from '../../../src/system/installed-library.ts'
import { testWith } from '../../peers/peer.ts'
import { Random } from '../../priority/random-priorities.ts'
import { usableCase } from '../../tls/prober/try-string.ts'
import { CLIENTS, type Client } from './clients.ts'
import { findProblems, tryConversion } from './judge.ts'

/** Strings that leave a list empty somewhere, or ask for what is fixed. */
const HARD = [
  'NONE:+VERS-TLS1.3:+AES-128-GCM:+AEAD:+GROUP-SECP256R1:+SIGN-ALL',
  'NONE:+VERS-TLS1.3:+AES-256-GCM:+AEAD:+GROUP-ALL:+SIGN-ECDSA-SECP384R1-SHA384',
  'NONE:+VERS-TLS1.2:+RSA:+AES-128-GCM:+AEAD:+SIGN-ALL',
  'NONE:+VERS-TLS1.2:+RSA:+AES-128-GCM:+AEAD:+GROUP-SECP521R1:+SIGN-ALL',
  'NONE:+VERS-TLS1.2:+DHE-RSA:+AES-256-CBC:+SHA1:+GROUP-FFDHE3072:+SIGN-ALL',
  'NONE:+VERS-TLS1.1:+ECDHE-RSA:+AES-128-CBC:+SHA1:+GROUP-X25519:+SIGN-ALL',
  'NONE:+VERS-TLS1.2:+VERS-TLS1.3:+ECDHE-RSA:+AES-128-GCM:+AEAD:+GROUP-X448:+SIGN-RSA-SHA256',
  'NONE:+VERS-TLS1.2:+ECDHE-RSA:+3DES-CBC:+SHA1:+GROUP-ALL:+SIGN-ALL',
  'NONE:+VERS-TLS1.2:+PSK:+AES-128-GCM:+AEAD:+SIGN-ALL',
  'NORMAL',
  'SECURE192',
  'SUITEB128',
  'NORMAL:+GROUP-X25519-MLKEM768',
  'NORMAL:%PROFILE_ULTRA:+GROUP-ALL',
]

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
  const releases = findInstalledRelease(target, libraryOf(target))
  const folder = mkdtempSync(join(tmpdir(), 'cryptopolicy-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const cases = drawStrings(COUNTS[target] ?? 0).flatMap(([text, evaluation]) => {
    const conversion = tryConversion(evaluation, target, releases)
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

function drawStrings(count: number): readonly (readonly [string, Evaluation])[] {
  const random = new Random(11)
  const hard = HARD.map((text) => [text, requirePriority({ name: '<priority>', text })] as const)
  const drawn = Array.from({ length: count }, () => usableCase(random))
  return [
    ...hard,
    ...drawn.map((one) => [JSON.stringify([one.priority, one.config]), one.evaluation] as const),
  ]
}

/** Measures how many strings a second a warm process resolves and evaluates; run it with node. */
import { evaluatePriority } from '../../src/priority/evaluate.ts'
import { GNUTLS_RELEASES, type GnutlsRelease } from '../../src/priority/releases.ts'
import { parseSystemConfig, type SystemConfig } from '../../src/priority/system-config.ts'
import { Random, randomCase } from '../priority/random-priorities.ts'

type Prepared = { readonly text: string; readonly config: SystemConfig | undefined }

const SECONDS = 2

const random = new Random(1)
const cases: readonly Prepared[] = Array.from({ length: 1000 }, () => {
  const { priority, config } = randomCase(random)
  return { text: priority, config: config === undefined ? undefined : parse(config) }
})

function parse(text: string): SystemConfig {
  return parseSystemConfig({ name: 'gnutls.config', text })
}

function evaluateAll(release: GnutlsRelease, prepared: readonly Prepared[]): number {
  let allowed = 0
  for (const { text, config } of prepared) {
    const options = config ? { release, config } : { release }
    if (evaluatePriority({ name: 'bench', text }, options).ok) allowed++
  }
  return allowed
}

function measure(title: string, release: GnutlsRelease, prepared: readonly Prepared[]): void {
  for (let round = 0; round < 5; round++) evaluateAll(release, prepared)
  const start = performance.now()
  let strings = 0
  let allowed = 0
  while (performance.now() - start < SECONDS * 1000) {
    allowed += evaluateAll(release, prepared)
    strings += prepared.length
  }
  const rate = strings / ((performance.now() - start) / 1000)
  const share = Math.round((allowed / strings) * 100)
  process.stdout.write(`${title}, ${release}: ${Math.round(rate)} strings/s (${share}% usable)\n`)
}

const usable = cases.filter((prepared) => evaluateAll('newest', [prepared]) === 1)
for (const release of GNUTLS_RELEASES) measure('all strings', release, cases)
measure('usable strings', 'newest', usable)
measure('NORMAL', 'newest', [{ text: 'NORMAL', config: undefined }])

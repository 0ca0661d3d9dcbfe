/** The string of an application is what its policy allows, with an allowlist above it and without one. */
import { expect, test } from 'vitest'
import { writeApplication } from '../../../src/backends/applications/application-backend.ts'
import { gnutlsString } from '../../../src/backends/applications/gnutls-string.ts'
import { gnutls } from '../../../src/backends/gnutls.ts'
import { generateLegacyGnutls } from '../../../src/backends/gnutls-legacy.ts'
import {
  layerApplication,
  parseApplication,
} from '../../../src/policy/application/application-policy.ts'
import { findExcess } from '../../../src/policy/application/exceeding.ts'
import { evaluatePolicy } from '../../../src/policy/effective-policy.ts'
import { type Policy, parsePolicy } from '../../../src/policy/policy.ts'
import { purpose } from '../../../src/policy/scope.ts'
import { hasGnutlsCli } from '../../backends/gnutls-cli.ts'
import { Random } from '../../fuzz/random.ts'
import { SEED } from '../../seed.ts'
import { drawPolicy, drawRestrictions } from './draw-policies.ts'
import { findProblemsUnder } from './gnutls-judge.ts'

const RELEASES = { gnutls: '3.7.9' } as const

/** `npm run fuzz:applications` draws more. */
const COUNT = Number(process.env.APPLICATION_POLICIES ?? 100)

/** No build speaks SSL 3.0, so that strings do not name it. */
const OLDER = ['TLS1.0', 'TLS1.1']

function systemPolicy(text: string): Policy {
  const { policy, diagnostics } = parsePolicy('P', [{ name: 'P.pol', text }])
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  return policy
}

function application(text: string) {
  const source = { name: 'app.pmod', text }
  const parsed = parseApplication('app', source, ['gnutls'])
  expect(parsed.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  return parsed.application
}

/** A group whose prime is below the smallest of the policy is left out on purpose. */
function isTooSmall(problem: string, size: number): boolean {
  return Number(/GnuTLS lacks ffdhe(\d+)$/.exec(problem)?.[1]) < size
}

test.skipIf(!hasGnutlsCli())(
  `${COUNT} random application policies over random system policies, in both override modes and in the legacy format [gnutls-cli]`,
  () => {
    const random = new Random(SEED)
    let usable = 0
    const found = Array.from({ length: COUNT }, () => [
      drawPolicy(random),
      drawRestrictions(random),
    ]).flatMap(([systemText = '', text = '']) => {
      const system = systemPolicy(systemText)
      const app = application(text)
      expect(findExcess(layerApplication(system, app), ['gnutls'])).toEqual([])
      const line = `APP=${writeApplication(layerApplication(system, app), gnutlsString, RELEASES).text}\n`
      const policy = layerApplication(system, app)
      const allowlist = findProblemsUnder(
        policy,
        gnutls.generate(system) + line,
        '@APP,SYSTEM',
        OLDER,
      )
      // Before 3.7.3, one string a line and no more.
      const legacy = generateLegacyGnutls(system) + line
      const older = findProblemsUnder(policy, legacy, '@APP,SYSTEM', OLDER)
      const blocklist = findProblemsUnder(policy, `[priorities]\n${line}`, '@APP,SYSTEM', OLDER)
      if (!line.endsWith('=NONE\n')) usable += 1
      const { min_dh_size } = evaluatePolicy(policy, purpose('gnutls').scopes).integers
      return [
        ...allowlist.map((problem) => `${systemText}\n${text}\nallowlist: ${problem}`),
        ...older.map((problem) => `${systemText}\n${text}\nlegacy: ${problem}`),
        ...blocklist.map((problem) => `${systemText}\n${text}\nblocklist: ${problem}`),
      ].filter((problem) => !isTooSmall(problem, min_dh_size))
    })
    expect(found.slice(0, 3)).toEqual([])
    expect(usable).toBeGreaterThan(COUNT * 0.8)
  },
  600_000,
)

/** Findings as people read them: what is cut goes on below its beginning, and a remedy is told once. */
import { expect, test } from 'vitest'
import { sortFindings } from '../../src/audit/compare/finding.ts'
import { FINDING_KINDS, makeFinding } from '../../src/audit/compare/finding-kinds.ts'
import { findingLines } from '../../src/cli/audit-findings-text.ts'

function forbiddenSuite(name: string) {
  return makeFinding(FINDING_KINDS.suiteForbidden, {
    item: { kind: 'suite', name, version: 'TLS1.2' },
    evidence: ['suites TLS1.2'],
    reasons: [
      {
        text: `cipher@TLS = ${'AES-256-GCM '.repeat(8).trim()}`,
        place: 'policies/FUTURE.pol:35:1',
      },
    ],
    detail: `${name} in TLS1.2`,
  })
}

test('lines fit a terminal of 80 columns; what is alike and what to do are told once', () => {
  const names = ['RSA_WITH_AES_128_CBC_SHA', 'RSA_WITH_NULL_SHA', 'DHE_RSA_WITH_AES_256_CBC_SHA']
  const version = makeFinding(FINDING_KINDS.versionForbidden, {
    item: { kind: 'version', name: 'TLS1.0', version: null },
    evidence: [],
    reasons: [],
    detail: 'TLS1.0',
  })
  const findings = [...names.map((name) => forbiddenSuite(`TLS_${name}`)), version]
  const lines = findingLines(sortFindings(findings), ['the policy FUTURE'])
  expect(lines.map(({ text }) => text).join('\n')).toBe(
    `Against the policy FUTURE
  high     the server accepts TLS1.0, which is not allowed
           (AUDIT_VERSION_FORBIDDEN)
  medium   the server accepts the suite TLS_RSA_WITH_AES_128_CBC_SHA in TLS1.2,
           which is not allowed (AUDIT_SUITE_FORBIDDEN)
           also: TLS_RSA_WITH_NULL_SHA, TLS_DHE_RSA_WITH_AES_256_CBC_SHA
           policies/FUTURE.pol:35:1: cipher@TLS = AES-256-GCM AES-256-GCM
             AES-256-GCM AES-256-GCM AES-256-GCM AES-256-GCM AES-256-GCM
             AES-256-GCM
           shown by suites TLS1.2

What to do
  AUDIT_VERSION_FORBIDDEN, AUDIT_SUITE_FORBIDDEN
    Apply the policy on the host (update-policies --set POLICY) and restart the
    service. Where it still accepts this, its own configuration overrides the
    policy.`,
  )
})

import { describe, expect, test } from 'vitest'
import { parsePolicy } from '../../src/policy/policy.ts'
import { PURPOSE_NAMES, purpose, selects } from '../../src/policy/scope.ts'

/** The codes that a policy with this scope gives. */
function codesOf(scope: string): readonly string[] {
  const { diagnostics } = parsePolicy('P', [{ name: 'P.pol', text: `hash@${scope} = SHA2-256\n` }])
  return diagnostics.map(({ code }) => code)
}

/** The purposes that a scope reaches. */
function reachOf(scope: string): readonly string[] {
  const { policy } = parsePolicy('P', [{ name: 'P.pol', text: `hash@${scope} = SHA2-256\n` }])
  const selector = policy.directives[0]?.selector
  return PURPOSE_NAMES.filter((name) => selector && selects(selector, purpose(name).scopes))
}

describe('a scope', () => {
  test.each([
    ['tls?', 'POLICY_SCOPE_CHARACTER'],
    ['{tls', 'POLICY_SCOPE_BRACES'],
    ['tls}', 'POLICY_SCOPE_BRACES'],
    ['{{tls}}', 'POLICY_SCOPE_BRACES'],
    ['a{tls}', 'POLICY_SCOPE_BRACES'],
    ['tls/ssh', 'POLICY_SCOPE_CHARACTER'],
    ['[ts]*', 'POLICY_SCOPE_CHARACTER'],
    ['tls.ssh', 'POLICY_SCOPE_CHARACTER'],
  ])('%s is refused with %s', (scope, code) => {
    expect(codesOf(scope)).toContain(code)
  })

  test.each(['tls', 'TLS', '{tls,ssh}', '!tls', '!{tls,ssh}', '*', 'nss-*', '{open*,nss-tls}'])(
    '%s is taken',
    (scope) => {
      expect(codesOf(scope)).toEqual([])
    },
  )

  test('reaches what it names, and with ! all else', () => {
    const tls = reachOf('tls')
    expect(tls).toContain('gnutls')
    expect(tls).not.toContain('openssh')
    const others = reachOf('!tls')
    expect(others).toContain('openssh')
    expect(new Set([...tls, ...others]).size).toBe(PURPOSE_NAMES.length)
    expect(tls.filter((name) => others.includes(name))).toEqual([])
  })
})

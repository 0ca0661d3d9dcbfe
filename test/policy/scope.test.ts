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

describe('a policy file', () => {
  const read = (text: string) => parsePolicy('P', [{ name: 'P.pol', text }])

  test('with hundreds of warnings is read to its end', () => {
    const { policy, diagnostics } = read('protocol = TLS1.2\n'.repeat(600))
    expect([policy.directives.length, diagnostics.length]).toEqual([600, 600])
  })

  test('with hundreds of errors is told as far as that helps', () => {
    const { diagnostics } = read('hash = NOPE\n'.repeat(600))
    expect(diagnostics).toHaveLength(501)
    expect(diagnostics.at(-1)?.code).toBe('POLICY_TOO_MANY_ERRORS')
    expect(read('hash = NOPE\n'.repeat(500)).diagnostics).toHaveLength(500)
    const both = read(`${'protocol = TLS1.2\n'.repeat(550)}hash = NOPE\n`)
    expect(both.diagnostics).toHaveLength(501)
  })

  test.each([
    ['hash = MD5\\\n# %suppress_experimental_value_warnings=true\n', ['POLICY_MISPLACED_PRAGMA']],
    ['hash = MD5\n# %suppress_experimental_value_warnings=true\n', []],
    ['# %suppress_experimental_value_warnings=true\ngroup = MLKEM512+\n', []],
    [
      '# %suppress_experimental_value_warnings=false\ngroup = MLKEM512+\n',
      ['POLICY_EXPERIMENTAL_VALUE'],
    ],
    ['hash = MD5 \\', ['POLICY_DANGLING_CONTINUATION']],
    ['hash = \\\nMD5\n', []],
    ['', []],
    ['\ufeffhash = MD5\n', ['POLICY_BYTE_ORDER_MARK']],
    ['hash = MD5\r\n', ['POLICY_CARRIAGE_RETURN']],
    ['hash', ['POLICY_MISSING_EQUALS']],
    ['= MD5', ['POLICY_MISSING_PROPERTY']],
    ['hash = MD5 = MD5', ['POLICY_SECOND_EQUALS']],
    ['nonsense = 1', ['POLICY_UNKNOWN_PROPERTY']],
    ['tls_cipher@ssh = AES-128-CBC', ['POLICY_FORMER_PROPERTY']],
    ['hash = 1', ['POLICY_INTEGER_UNEXPECTED']],
    ['hash = +MD5 SHA1', ['POLICY_MIXED_LIST']],
    ['min_rsa_size = x', ['POLICY_INTEGER_EXPECTED']],
    ['min_rsa_size = 1 2', ['POLICY_INTEGER_EXPECTED']],
    ['min_rsa_size =', ['POLICY_INTEGER_EXPECTED']],
    ['min_rsa_size = 2147483647', []],
    ['min_rsa_size = 2147483648', ['POLICY_INTEGER_TOO_LARGE']],
    ['etm = SOME', ['POLICY_UNKNOWN_CHOICE']],
    ['etm =', ['POLICY_UNKNOWN_CHOICE']],
    ['etm = 1', ['POLICY_INTEGER_UNEXPECTED']],
    ['hash = NOPE', ['POLICY_UNKNOWN_ALGORITHM']],
    ['hash = NOPE*', ['POLICY_UNKNOWN_ALGORITHM']],
    ['hash =', []],
    ['hash@ = MD5', ['POLICY_EMPTY_SCOPE']],
    ['hash@nope = MD5', ['POLICY_UNKNOWN_SCOPE']],
    ['hash@{tls,} = MD5', ['POLICY_EMPTY_SCOPE']],
    ['hash@tls,ssh = MD5', ['POLICY_SCOPE_COMMA']],
  ])('%j gives %j', (text, codes) => {
    expect(read(text).diagnostics.map(({ code }) => code)).toEqual(codes)
  })

  test.each([
    ['nonsense = 1', 'properties are cipher'],
    ['min_rsa_ size = 1', 'write min_rsa_size without spaces'],
    ['chipher = AEAD', 'cipher'],
    ['hash = AES-128-CBC', 'AES-128-CBC is a value of cipher'],
    ['hash = SHA2-255', 'SHA2-256'],
    ['etm = ANYY', 'ANY'],
    ['hash@opensshd = MD5', 'openssh'],
  ])('%j has the hint %s', (text, hint) => {
    const [diagnostic] = read(text).diagnostics
    expect(diagnostic?.hint).toContain(hint)
  })
})

/** Policies of applications in process: their settings, what exceeds the system policy, what does nothing. */
import { describe, expect, test } from 'vitest'
import type { Diagnostic } from '../../src/diagnostics/diagnostic.ts'
import { formatLocation, spanText } from '../../src/diagnostics/source.ts'
import {
  findSameKeywords,
  layerApplication,
  parseApplication,
} from '../../src/policy/application/application-policy.ts'
import { diagnoseExcess, findExcess } from '../../src/policy/application/exceeding.ts'
import { waitsToBeEnabled } from '../../src/policy/application/pragmas.ts'
import { findVainDirectives } from '../../src/policy/application/vain-directives.ts'
import type { PurposeName } from '../../src/policy/scope.ts'
import { policyOf } from '../backends/generate-text.ts'

const BACKENDS = ['gnutls', 'openssl', 'java']

function parse(text: string, name = 'web') {
  return parseApplication(name, { name: `${name}.pmod`, text }, BACKENDS)
}

function told(diagnostics: readonly Diagnostic[]): readonly string[] {
  return diagnostics.map(({ code, span }) => `${code} ${span ? formatLocation(span) : ''}`)
}

describe('the settings', () => {
  const STANDARD = {
    keyword: 'WEB',
    backends: ['gnutls'],
    mayExceed: false,
    dropInWins: false,
    isEnabledByDefault: true,
  }

  test.each([
    ['', {}],
    ['cipher = AES-256-GCM\n', {}],
    ['# %keyword=X', { keyword: 'X' }],
    ['#%keyword=X', { keyword: 'X' }],
    ['  #\t%keyword \t= \tX \t', { keyword: 'X' }],
    ['#\u0085%keyword\u0085=\u0085X\u0085', { keyword: 'X' }],
    [`# %keyword=${'X'.repeat(100)}`, { keyword: 'X'.repeat(100) }],
    ['# %keyword=9_.-A', { keyword: '9_.-A' }],
    ['# %keyword=SYSTEMD', { keyword: 'SYSTEMD' }],
    ['# %back_ends=java', { backends: ['java'] }],
    ['# %back_ends=openssl, gnutls,,openssl', { backends: ['openssl', 'gnutls'] }],
    ['# %back_ends=openssl gnutls', { backends: ['openssl', 'gnutls'] }],
    ['# %may_exceed_system_policy=true', { mayExceed: true }],
    ['# %may_exceed_system_policy=false', {}],
    ['# %drop_in_wins=true', { dropInWins: true }],
    ['# %enabled_by_default=false', { isEnabledByDefault: false }],
    ['# %suppress_experimental_value_warnings=true', {}],
    ['# %suppress_experimental_value_warnings=false', {}],
    ['## %keyword=X', {}],
    ['# 5 %keyword=X', {}],
    ['# %keyword=X\n# %drop_in_wins=true\n', { keyword: 'X', dropInWins: true }],
  ])('of %j', (text, settings) => {
    const { application, diagnostics } = parse(text)
    expect(application).toMatchObject({ ...STANDARD, ...settings })
    expect(diagnostics).toEqual([])
  })

  test.each([
    ['# %keyword=x', 'APPLICATION_BAD_PRAGMA 1:1'],
    ['# %keyword=-X', 'APPLICATION_BAD_PRAGMA 1:1'],
    [`# %keyword=${'X'.repeat(101)}`, 'APPLICATION_BAD_PRAGMA 1:1'],
    ['# %keyword=A,B', 'APPLICATION_BAD_PRAGMA 1:1'],
    ['# %keyword=A:B', 'APPLICATION_BAD_PRAGMA 1:1'],
    ['# %keyword=SYSTEM', 'APPLICATION_BAD_PRAGMA 1:1'],
    ['# %keyword=X # comment', 'APPLICATION_BAD_PRAGMA 1:1'],
    ['# %keyword', 'APPLICATION_BAD_PRAGMA 1:1'],
    ['# %keyword=A\n# %keyword=B', 'APPLICATION_REPEATED_PRAGMA 2:1'],
    ['# %back_ends=', 'APPLICATION_BAD_PRAGMA 1:1'],
    ['# %back_ends=,', 'APPLICATION_BAD_PRAGMA 1:1'],
    ['# %back_ends=gnuTLS', 'APPLICATION_UNKNOWN_BACKEND 1:1'],
    ['\n # %may_exceed_system_policy=yes', 'APPLICATION_BAD_PRAGMA 2:2'],
    ['# %may_exceed_system_policy', 'APPLICATION_BAD_PRAGMA 1:1'],
    ['# %drop_in_wins=TRUE', 'APPLICATION_BAD_PRAGMA 1:1'],
    ['# %enabled_by_default=0', 'APPLICATION_BAD_PRAGMA 1:1'],
    ['# %', 'APPLICATION_UNKNOWN_PRAGMA 1:1'],
    ['# % keyword=X', 'APPLICATION_UNKNOWN_PRAGMA 1:1'],
    ['# %keyword X', 'APPLICATION_UNKNOWN_PRAGMA 1:1'],
    ['# %Keyword=X', 'APPLICATION_UNKNOWN_PRAGMA 1:1'],
    ['# %keyword:X', 'APPLICATION_UNKNOWN_PRAGMA 1:1'],
    ['# %%keyword=X', 'APPLICATION_UNKNOWN_PRAGMA 1:1'],
    ['# %toString=X', 'APPLICATION_UNKNOWN_PRAGMA 1:1'],
    ['#\u00a0%kyeword=X', 'APPLICATION_UNKNOWN_PRAGMA 1:1'],
    ['hash = -SHA1 # %keyword=X', 'APPLICATION_MISPLACED_PRAGMA 1:14'],
    ['#%suppress_experimental_value_warnings=true', 'APPLICATION_BAD_PRAGMA 1:1'],
    ['# %suppress_experimental_value_warnings=TRUE', 'APPLICATION_BAD_PRAGMA 1:1'],
    ['# %suppress_experimental_value_warnings=true 1', 'APPLICATION_BAD_PRAGMA 1:1'],
  ])('%j is refused', (text, expected) => {
    expect(told(parse(text).diagnostics)).toEqual([expected.replace(' ', ' web.pmod:')])
  })

  test('are read to the end, with all refusals', () => {
    const { application, diagnostics } = parse('# %x=1\nnonsense\n# %y=2\n# %keyword=K')
    expect(application.keyword).toBe('K')
    expect(spanText(application.keywordSpan)).toBe('# %keyword=K')
    expect(told(diagnostics)).toHaveLength(3)
    expect(formatLocation(parse('\nhash = -SHA1').application.keywordSpan)).toBe('web.pmod:1:1')
  })

  test('one keyword belongs to one application', () => {
    const names = ['a', 'b', 'c', 'd']
    const lines = ['', '# %keyword=A', '', '# %keyword=A']
    const all = names.map((name, index) => parse(lines[index] ?? '', name).application)
    expect(told(findSameKeywords(all))).toEqual([
      'APPLICATION_SAME_KEYWORD b.pmod:1:1',
      'APPLICATION_SAME_KEYWORD d.pmod:1:1',
    ])
    expect(findSameKeywords(all).map(({ message }) => message)).toEqual([
      'the keyword A is that of a.pmod too',
      'the keyword A is that of a.pmod too',
    ])
    expect(findSameKeywords(all.slice(1, 3))).toEqual([])
  })

  test.each([
    ['#%enabled_by_default = false \n', true],
    ['# %enabled_by_default=true', false],
    ['# %enabled_by_default=no', false],
    ['hash = -SHA1 # %enabled_by_default=false', false],
    ['', false],
  ])('%j waits to be enabled: %s', (text, waits) => {
    expect(waitsToBeEnabled({ name: 'web.pmod', text })).toBe(waits)
  })
})

const SYSTEM = [
  ...['cipher = AES-256-GCM AES-128-GCM', 'hash = SHA2-256', 'min_rsa_size = 2048'],
  ...['arbitrary_dh_groups = 0', 'etm@SSH = DISABLE_ETM', '__ems = DEFAULT', 'ssh_certs = 0'],
]

function excess(text: string, purposes: readonly PurposeName[] = ['gnutls', 'openssl']) {
  const layered = layerApplication(policyOf(...SYSTEM), parse(text).application)
  return findExcess(layered, purposes).map(({ property, values, instead, places, span }) =>
    [
      `${property} ${values.join()}`,
      ...(instead === undefined ? [] : [`not ${instead}`]),
      ...places,
      `${span.start}: ${spanText(span)}`,
    ].join('; '),
  )
}

describe('what exceeds the system policy', () => {
  test.each([
    ['', []],
    ['cipher = AES-128-GCM', []],
    ['cipher = -AES-128-GCM', []],
    ['cipher = AES-128-GCM AES-256-GCM', []],
    ['cipher = +AES-128-CBC', ['cipher AES-128-CBC; gnutls; openssl; 9: +AES-128-CBC']],
    ['cipher@openssl = AES-128-CBC+', ['cipher AES-128-CBC; openssl; 17: AES-128-CBC+']],
    ['cipher@SSH = AES-128-CBC+', []],
    [
      'cipher = +AES-128-C*',
      ['cipher AES-128-CCM,AES-128-CTR,AES-128-CBC,AES-128-CFB; gnutls; openssl; 9: +AES-128-C*'],
    ],
    ['cipher = +RC4-128\ncipher = -RC4-128', []],
    ['cipher = +RC4-128 +RC4-128', ['cipher RC4-128; gnutls; openssl; 18: +RC4-128']],
    ['min_rsa_size = 2048', []],
    ['min_rsa_size = 4096', []],
    ['min_rsa_size = 1024', ['min_rsa_size 1024; not 2048; gnutls; openssl; 15: 1024']],
    ['min_rsa_size@gnutls = 1024', ['min_rsa_size 1024; not 2048; gnutls; 22: 1024']],
    ['sha1_in_certs = 1', ['sha1_in_certs 1; not 0; gnutls; 16: 1']],
    ['sha1_in_certs = 0', []],
    ['__ems = ENFORCE', []],
    ['__ems = RELAX', ['__ems RELAX; not DEFAULT; gnutls; openssl; 8: RELAX']],
    ['min_ec_size = 128', []],
    [
      'cipher = +RC4-128\nhash = +MD5',
      ['cipher RC4-128; gnutls; openssl; 9: +RC4-128', 'hash MD5; gnutls; openssl; 25: +MD5'],
    ],
  ])('of %j is %j', (text, expected) => {
    expect(excess(text)).toEqual(expected)
  })

  test.each([
    ['arbitrary_dh_groups = 1', ['arbitrary_dh_groups 1; not 0; libssh; 22: 1']],
    ['ssh_certs = 1', ['ssh_certs 1; not 0; libssh; 12: 1']],
    ['etm@SSH = ANY', []],
  ])('of SSH in %j is %j', (text, expected) => {
    expect(excess(text, ['libssh'])).toEqual(expected)
  })

  test.each([
    ['', 'error', true],
    ['# %may_exceed_system_policy=true\n', 'warning', false],
  ])('is told after %j as %s', (setting, severity, hasHint) => {
    const { application } = parse(`${setting}cipher = +RC4-128\nmin_rsa_size = 1024\n`)
    const found = diagnoseExcess(layerApplication(policyOf(...SYSTEM), application), ['gnutls'])
    expect(found.map((one) => [one.severity, one.message])).toEqual([
      [severity, 'web allows cipher RC4-128, and TEST does not (for gnutls)'],
      [severity, 'web allows min_rsa_size = 1024 in place of 2048, and TEST does not (for gnutls)'],
    ])
    expect(found.every(({ hint }) => (hint !== undefined) === hasHint)).toBe(true)
  })
})

describe('what does nothing for an application', () => {
  const vain = (text: string, purposes: readonly PurposeName[]) =>
    findVainDirectives(parse(text).application, purposes).map(({ code, span, message }) => [
      code,
      span && spanText(span),
      message,
    ])

  test.each([
    ['cipher = -AES-128-CBC', ['gnutls']],
    ['cipher@TLS = -AES-128-CBC', ['gnutls']],
    ['cipher@!SSH = -AES-128-CBC', ['gnutls']],
    ['cipher@{ssh,openssl} = -AES-128-CBC', ['gnutls', 'openssl']],
    ['min_ec_size = 384', ['java-tls']],
    // Of its directives one speaks to TLS.
    ['sha1_in_dnssec = 0', ['bind']],
  ] as const)('is not %j', (text, purposes) => {
    expect(vain(text, purposes)).toEqual([])
  })

  test.each([
    ['cipher@SSH = -AES-128-CBC', ['gnutls'], 'cipher@SSH = -AES-128-CBC'],
    ['cipher@openssl = -AES-128-CBC', ['gnutls'], 'cipher@openssl = -AES-128-CBC'],
    ['ssh_certs = 0', ['gnutls'], 'ssh_certs = 0'],
    ['min_ec_size = 384', ['gnutls', 'openssl'], 'min_ec_size = 384'],
    ['ssh_cipher = -AES-128-CBC', ['gnutls'], 'ssh_cipher = -AES-128-CBC'],
  ] as const)('is %j for %j', (text, purposes, line) => {
    expect(vain(`hash = -SHA1\n${text}\n`, purposes)).toMatchObject([
      ['APPLICATION_NO_EFFECT', line, expect.stringContaining('its back-ends are gnutls')],
    ])
  })

  test('is told once for a line', () => {
    expect(vain('sha1_in_dnssec = 0', ['gnutls'])).toHaveLength(1)
  })
})

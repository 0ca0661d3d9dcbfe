import { describe, expect, test } from 'vitest'
import { findAllowedBeyondPolicy, findVainTokens } from '../../src/priority/beyond-policy.ts'
import { requirePriority } from '../../src/priority/failure/failure-diagnostics.ts'
import { explainPriority } from '../../src/priority/string-explanation.ts'
import { parseSystemConfig } from '../../src/priority/system-config.ts'

const ALLOWLIST = [
  '[global]\noverride-mode = allowlist\n[overrides]',
  ...['secure-hash = SHA256', 'secure-hash = SHA384', 'enabled-curve = X25519'],
  ...['tls-enabled-cipher = AES-256-GCM', 'tls-enabled-mac = AEAD', 'tls-enabled-kx = ECDHE-RSA'],
  ...['tls-enabled-group = X25519', 'secure-sig = RSA-SHA256', 'secure-sig-for-cert = RSA-SHA256'],
  ...['enabled-version = TLS1.2', ''],
].join('\n')

const BLOCKLIST = '[overrides]\ntls-disabled-cipher = AES-128-CBC\n[priorities]\nSYSTEM=NORMAL\n'

function examine(text: string, configText: string) {
  const config = parseSystemConfig({ name: 'gnutls.config', text: configText })
  const given = { name: 'test', text }
  const policy = requirePriority({ name: 'test', text: '@SYSTEM' }, { config })
  const explanation = explainPriority(given, { config })
  const found = findAllowedBeyondPolicy(explanation, requirePriority(given, { config }), policy)
  return {
    beyond: found.map(({ token, extra }) => [token, Object.fromEntries(extra)]),
    vain: findVainTokens(explanation, { config }).map(({ token }) => token),
  }
}

describe('under an allowlist', () => {
  const within = 'NONE:+VERS-TLS1.2:+ECDHE-RSA:+AES-256-GCM:+AEAD:+GROUP-X25519:+SIGN-RSA-SHA256'

  test('a string within the policy goes not beyond it', () => {
    expect(examine(within, ALLOWLIST)).toEqual({ beyond: [], vain: [] })
  })

  test('each token is named with what it brings', () => {
    expect(examine(`${within}:+VERS-TLS1.3:+CHACHA20-POLY1305`, ALLOWLIST).beyond).toEqual([
      ['+VERS-TLS1.3', { protocols: ['TLS1.3'] }],
      ['+CHACHA20-POLY1305', { ciphers: ['CHACHA20-POLY1305'] }],
    ])
  })

  test('what no suite can use does not count', () => {
    expect(examine(`${within}:+AES-128-CBC`, ALLOWLIST).beyond).toEqual([])
  })

  test('a curve that it does not name is out of reach, a signature is not', () => {
    const { beyond, vain } = examine(`${within}:+GROUP-SECP256R1:+SIGN-RSA-SHA512`, ALLOWLIST)
    expect(beyond).toEqual([['+SIGN-RSA-SHA512', { signatures: ['RSA-SHA512'] }]])
    expect(vain).toEqual(['+GROUP-SECP256R1'])
  })
})

const OLD = 'SYSTEM=NORMAL:-VERS-ALL:+VERS-TLS1.1'

test('the last token that brings a name is named, and the first where all start with it', () => {
  const twice = 'NORMAL:-VERS-ALL:+VERS-TLS1.2:-VERS-TLS1.2:+VERS-TLS1.3:+VERS-TLS1.2'
  const { beyond } = examine(twice, BLOCKLIST.replace('SYSTEM=NORMAL', OLD))
  const protocols = beyond.flatMap(([token, extra]) =>
    (extra as Record<string, readonly string[]>).protocols?.map((name) => [token, name]),
  )
  expect(protocols.filter(Boolean)).toEqual([
    ['+VERS-TLS1.3', 'TLS1.3'],
    ['+VERS-TLS1.2', 'TLS1.2'],
  ])
})

describe('what is out of reach is told with what keeps it there', () => {
  const FORBIDDING: Readonly<Record<string, readonly [line: string, token: string]>> = {
    cipher: ['tls-disabled-cipher = AES-128-CBC', '+AES-128-CBC'],
    MAC: ['tls-disabled-mac = SHA1', '+SHA1'],
    group: ['tls-disabled-group = GROUP-X25519', '+GROUP-X25519'],
    curve: ['disabled-curve = SECP256R1', '+GROUP-SECP256R1'],
    'key exchange': ['tls-disabled-kx = RSA', '+RSA'],
    version: ['disabled-version = TLS1.2', '+VERS-TLS1.2'],
    signature: ['insecure-sig = RSA-SHA512', '+SIGN-RSA-SHA512'],
    hash: ['insecure-hash = SHA512', '+SIGN-RSA-SHA512'],
  }

  test.each(Object.entries(FORBIDDING))('a %s', (_, [line, token]) => {
    const text = `[overrides]\n${line}\n[priorities]\nSYSTEM=NORMAL\n`
    const config = parseSystemConfig({ name: 'gnutls.config', text })
    const explanation = explainPriority({ name: 'test', text: `NORMAL:${token}` }, { config })
    const vain = findVainTokens(explanation, { config })
    expect(vain.map((one) => one.token)).toEqual([token])
    expect(vain[0]?.prohibition).toMatchObject({
      key: line.split(' ')[0],
      value: line.split(' ')[2],
    })
  })
})

describe('under a blocklist', () => {
  test('what it disables is out of reach', () => {
    expect(examine('NORMAL:+AES-128-CBC', BLOCKLIST)).toEqual({
      beyond: [],
      vain: ['+AES-128-CBC'],
    })
  })

  test('what SYSTEM leaves out is not', () => {
    expect(examine('NORMAL:+CAMELLIA-128-GCM', BLOCKLIST).beyond).toEqual([
      ['+CAMELLIA-128-GCM', { ciphers: ['CAMELLIA-128-GCM'] }],
    ])
  })
})

test.each(['-AES-128-CBC', '!AES-128-CBC', '-CIPHER-ALL', 'PFS', '%COMPAT', '+CIPHER-ALL'])(
  '%s asks for nothing in vain',
  (token) => {
    const config = parseSystemConfig({ name: 'gnutls.config', text: BLOCKLIST })
    const explanation = explainPriority({ name: 'test', text: `NORMAL:${token}` }, { config })
    expect(findVainTokens(explanation, { config })).toEqual([])
  },
)

test('without a policy everything is beyond it', () => {
  const given = { name: 'test', text: 'NONE:+VERS-TLS1.2:+RSA:+AES-128-GCM:+AEAD:+SIGN-RSA-SHA256' }
  const evaluation = requirePriority(given)
  const found = findAllowedBeyondPolicy(explainPriority(given), evaluation, undefined)
  expect(found.map(({ token, extra }) => [token, Object.fromEntries(extra)])).toEqual([
    ['+VERS-TLS1.2', { protocols: ['TLS1.2'] }],
    ['+AES-128-GCM', { ciphers: ['AES-128-GCM'] }],
    ['+AEAD', { macs: ['AEAD'] }],
    ['+RSA', { keyExchanges: ['RSA'] }],
    ['+SIGN-RSA-SHA256', { signatures: ['RSA-SHA256'] }],
  ])
})

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { formatLocation } from '../../src/diagnostics/source.ts'
import { requirePriority } from '../../src/priority/failure/failure-diagnostics.ts'
import { parseIniFile } from '../../src/priority/ini-file.ts'
import type { GnutlsRelease } from '../../src/priority/releases.ts'
import { parseSystemConfig } from '../../src/priority/system-config.ts'
import { type SystemRules, settingOf, systemRules } from '../../src/priority/system-rules.ts'
import { runFile, scratchFolder } from '../cli/command.ts'
import { testWith } from '../peers/peer.ts'

function rulesOf(text: string, release: GnutlsRelease = 'newest'): SystemRules {
  return systemRules(parseSystemConfig({ name: 'gnutls.config', text }), release)
}

function stringOf(text: string, key: string): string | undefined {
  return rulesOf(text).priorities.get(key)?.value
}

describe('the lines of the file', () => {
  it('takes entries before any section for priority strings', () => {
    expect(stringOf('SYSTEM=NORMAL\nLIBVIRT = PFS\n', 'LIBVIRT')).toBe('PFS')
  })

  it('reads a colon as an equals sign and keeps later ones in the value', () => {
    expect(stringOf('SYSTEM : NORMAL:-RSA\n', 'SYSTEM')).toBe('NORMAL:-RSA')
  })

  it('ends a value at a comment that follows white space, and only there', () => {
    expect(stringOf('A=NORMAL # why\n', 'A')).toBe('NORMAL')
    expect(stringOf('A=NORMAL#why\n', 'A')).toBe('NORMAL#why')
  })

  it('takes an indented line for another value of the key above', () => {
    const { overrides } = rulesOf(
      '[overrides]\ntls-disabled-cipher = AES-128-CBC\n\n  AES-256-CBC\n',
    )
    expect(overrides.ciphers.map(({ row }) => row.name)).toEqual(['AES-128-CBC', 'AES-256-CBC'])
  })

  it('knows [provider] from the release that has it, and no section of another name', () => {
    const codes = (text: string, release: GnutlsRelease) =>
      rulesOf(text, release).ignored.map(({ code }) => code)
    const provider = '[provider]\nurl = pkcs11:\n'
    expect(codes(provider, '3.8.13')).toEqual([])
    expect(codes(provider, '3.8.9')).toEqual(['GNUTLS_CONFIG_UNKNOWN_SECTION'])
    expect(codes('[providers]\nurl = pkcs11:\n', '3.8.13')).toEqual([
      'GNUTLS_CONFIG_UNKNOWN_SECTION',
    ])
    expect(codes('[global]\n', '3.7.9')).toEqual([])
  })

  it('compares section names without regard to case, but not with spaces in them', () => {
    expect(stringOf('[PRIORITIES] x\nA=NORMAL\n', 'A')).toBe('NORMAL')
    expect(stringOf('[ priorities ]\nA=NORMAL\n', 'A')).toBeUndefined()
  })

  it('skips a byte order mark and accepts CR LF', () => {
    expect(stringOf('\ufeffA=NORMAL\r\nB=PFS\r\n', 'A')).toBe('NORMAL')
  })

  it('breaks a line after 2047 bytes and reads on as if it were another', () => {
    const text = `A=NORMAL${':+RSA'.repeat(600)}\nB=PFS\n`
    expect(stringOf(text, 'A')).toHaveLength(2045)
    expect(stringOf(text, 'B')).toBe('PFS')
    expect(rulesOf(text).ignored[0]?.code).toBe('GNUTLS_CONFIG_LONG_LINE')
  })

  it('a section has to end within them, as GnuTLS has it', () => {
    const isRead = (name: string) => !parseIniFile({ name: 'x', text: `[${name}]\n` }).malformed
    expect(isRead('a'.repeat(2045))).toBe(true)
    expect(isRead('a'.repeat(2046))).toBe(false)
  })

  it('knows the place of every value', () => {
    const entry = rulesOf('# first\n[priorities]\n  A =  NORMAL\n').priorities.get('A')
    expect(entry && formatLocation(entry.span)).toBe('gnutls.config:3:8')
  })
})

describe('what makes GnuTLS ignore the whole file', () => {
  it.each(['no separator', '[unclosed', '[over # rides]', 'key #= value'])('a line %j', (line) => {
    const rules = rulesOf(`SYSTEM=NORMAL\n${line}\n`)
    expect(rules.priorities.size).toBe(0)
    expect(rules.ignored.map(({ code }) => code)).toEqual(['GNUTLS_CONFIG_MALFORMED'])
    expect(rules.refusedWhenStrict).toBe(true)
  })
})

describe('what GnuTLS ignores entry by entry', () => {
  it('keeps the first string of a name', () => {
    const rules = rulesOf('A=NORMAL\nA=PFS\n')
    expect(rules.priorities.get('A')?.value).toBe('NORMAL')
    expect(rules.ignored[0]).toMatchObject({
      code: 'GNUTLS_CONFIG_SHADOWED',
      message: 'ignored: A is already set on line 1',
    })
    expect(rules.refusedWhenStrict).toBe(false)
  })

  it.each([
    ['secure-hash = SHA1', 'GNUTLS_CONFIG_WRONG_MODE', 'insecure-hash'],
    ['tls-disabled-cypher = NULL', 'GNUTLS_CONFIG_UNKNOWN_KEY', 'tls-disabled-cipher'],
    ['tls-disabled-cipher = AES-265-GCM', 'GNUTLS_CONFIG_UNKNOWN_VALUE', 'AES-256-GCM'],
  ])('warns about %s', (line, code, hint) => {
    const rules = rulesOf(`[overrides]\n${line}\n`)
    expect(rules.ignored.map((diagnostic) => diagnostic.code)).toEqual([code])
    expect(rules.ignored[0]?.hint).toContain(hint)
    expect(rules.refusedWhenStrict).toBe(true)
  })

  it('knows which release brought a key', () => {
    const text = '[overrides]\ntls-session-hash = require\ncert-compression-alg = zlib\n'
    expect(rulesOf(text, '3.7.9').ignored).toHaveLength(2)
    expect(rulesOf(text, '3.8.9').ignored).toHaveLength(1)
    expect(rulesOf(text, '3.8.13').ignored).toHaveLength(0)
  })
})

describe('settings', () => {
  it('reads the mode first, wherever it stands', () => {
    const rules = rulesOf(
      '[overrides]\nsecure-hash = SHA256\n[global]\noverride-mode = Allowlist\n',
    )
    expect(rules.mode).toBe('allowlist')
    expect(rules.overrides.hashes).toHaveLength(1)
  })

  it('lets the last entry of a setting win', () => {
    const text = '[overrides]\nmin-verification-profile = low\nmin-verification-profile = HIGH\n'
    expect(settingOf(rulesOf(text), 'min-verification-profile')?.value).toBe('High')
  })

  it('takes the first word of a value, except for a profile', () => {
    const text = '[overrides]\ntls-disabled-kx = RSA please\nmin-verification-profile = very weak\n'
    expect(rulesOf(text).overrides.keyExchanges[0]?.row.name).toBe('RSA')
    expect(settingOf(rulesOf(text), 'min-verification-profile')?.value).toBe('Very weak')
  })

  it('unsets the default string with an empty one', () => {
    const text = '[overrides]\ndefault-priority-string = PFS\ndefault-priority-string =\n'
    expect(settingOf(rulesOf(text), 'default-priority-string')).toBeUndefined()
  })
})

testWith('gnutls-cli', 'gnutls-cli refuses a section whose end is behind the 2047th byte', () => {
  const folder = scratchFolder()
  const path = join(folder, 'gnutls.config')
  const env = {
    GNUTLS_SYSTEM_PRIORITY_FILE: path,
    GNUTLS_SYSTEM_PRIORITY_FAIL_ON_INVALID: '1',
  }
  const statusOf = (length: number) => {
    writeFileSync(path, `[${'a'.repeat(length)}]\n`)
    return runFile('gnutls-cli', ['--list', '--priority', 'NORMAL'], { env }).status
  }
  expect([statusOf(2045), statusOf(2046)]).toEqual([0, 1])
})

it.each([
  ['[global]\noverride-mode = allow\n', '`allow` for override-mode'],
  ['[overrides]\nmin-verification-profile = mediun\n', '`mediun` for min-verification-profile'],
  ['[overrides]\nsecure-hash = SHA265\n[global]\noverride-mode = allowlist\n', '`SHA265`'],
])('a value that GnuTLS does not know is told: %j', (text, words) => {
  expect(rulesOf(text).ignored).toMatchObject([
    { code: 'GNUTLS_CONFIG_UNKNOWN_VALUE', message: expect.stringContaining(words) },
  ])
})

it('an allowlist of signatures keeps all others out of certificates', () => {
  const lines = [
    ...['secure-hash = SHA256', 'secure-hash = SHA384', 'secure-sig = RSA-SHA256'],
    ...['secure-sig = RSA-SHA384', 'secure-sig-for-cert = RSA-SHA256', 'enabled-version = TLS1.2'],
    ...['tls-enabled-cipher = AES-128-GCM', 'tls-enabled-mac = AEAD', 'tls-enabled-kx = ECDHE-RSA'],
    ...['tls-enabled-group = SECP256R1', 'enabled-curve = SECP256R1'],
  ]
  const text = `[global]\noverride-mode = allowlist\n[overrides]\n${lines.join('\n')}\n`
  const config = parseSystemConfig({ name: 'gnutls.config', text })
  const { certificateProhibitions } = requirePriority({ name: 'x', text: '@SYSTEM' }, { config })
  expect(certificateProhibitions.get('RSA-SHA256')).toBeUndefined()
  for (const name of ['RSA-SHA384', 'RSA-SHA512', 'ECDSA-SHA256', 'RSA-SHA1']) {
    expect(certificateProhibitions.get(name)).toBe('not on the allowlist')
  }
})

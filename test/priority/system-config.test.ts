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

  it('ends a name of [overrides] at white space of any kind', () => {
    const text = 'tls-disabled-cipher = AES-128-CBC\vX\ntls-disabled-cipher = AES-128-SIV\n'
    const { overrides } = rulesOf(`[overrides]\n${text}`)
    expect(overrides.ciphers.map(({ row }) => row.name)).toEqual(['AES-128-CBC', 'AES-128-SIV'])
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
    expect(rules.ignored[0]?.hint).toContain('begin a comment with #')
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

describe('the keys of [overrides]', () => {
  /** The keys of both modes (GnuTLS manual, "System-wide configuration"), a value, what it names. */
  const KEYS = [
    ['hashes', 'secure-hash', 'insecure-hash', 'sha256', 'SHA256'],
    ['signatures', 'secure-sig', 'insecure-sig', 'rsa-sha256', 'RSA-SHA256'],
    [
      'certificateSignatures',
      'secure-sig-for-cert',
      'insecure-sig-for-cert',
      'DSA-SHA1',
      'DSA-SHA1',
    ],
    ['protocols', 'enabled-version', 'disabled-version', 'tls1.0', 'TLS1.0'],
    ['curves', 'enabled-curve', 'disabled-curve', 'x25519', 'X25519'],
    ['ciphers', 'tls-enabled-cipher', 'tls-disabled-cipher', 'aes-128-gcm', 'AES-128-GCM'],
    ['macs', 'tls-enabled-mac', 'tls-disabled-mac', 'sha1', 'SHA1'],
    ['groups', 'tls-enabled-group', 'tls-disabled-group', 'group-x25519', 'X25519'],
    ['groups', 'tls-enabled-group', 'tls-disabled-group', 'x25519', 'X25519'],
    ['keyExchanges', 'tls-enabled-kx', 'tls-disabled-kx', 'ecdhe-rsa', 'ECDHE-RSA'],
  ] as const

  it.each(KEYS)('for %s are %s and %s', (list, allow, block, value, name) => {
    const modes = { allowlist: [allow, block], blocklist: [block, allow] }
    for (const [mode, [own, other]] of Object.entries(modes)) {
      const start = `[global]\noverride-mode = ${mode}\n[overrides]\n`
      const rules = rulesOf(`${start}${own?.toUpperCase()} = ${value} and more\n`)
      expect(rules.overrides[list].map(({ row }) => row.name)).toEqual([name])
      expect(rules.ignored).toEqual([])
      const wrong = rulesOf(`${start}${other} = ${value}\n`)
      expect(wrong.overrides[list]).toEqual([])
      expect(wrong.ignored).toMatchObject([{ code: 'GNUTLS_CONFIG_WRONG_MODE' }])
      expect(wrong.ignored[0]?.hint).toContain(own)
      const empty = rulesOf(`${start}${own} = nonsense\n`)
      expect(empty.overrides[list]).toEqual([])
      expect(empty.ignored).toMatchObject([{ code: 'GNUTLS_CONFIG_UNKNOWN_VALUE' }])
      expect(empty.refusedWhenStrict).toBe(true)
    }
  })

  it.each([
    ['tls-disabled-cipher', 'AES-128-GCM', 'ciphers', 128],
    ['tls-disabled-mac', 'SHA1', 'macs', 128],
    ['tls-disabled-group', 'X25519', 'groups', 128],
    ['tls-disabled-kx', 'RSA', 'keyExchanges', 128],
    ['insecure-hash', 'SHA1', 'hashes', 130],
    ['insecure-sig', 'RSA-SHA1', 'signatures', 130],
    ['insecure-sig-for-cert', 'RSA-SHA1', 'certificateSignatures', 130],
    ['disabled-version', 'TLS1.0', 'protocols', 130],
    ['disabled-curve', 'X448', 'curves', 130],
  ] as const)('%s is taken so often as there is room', (key, value, list, room) => {
    const rulesFor = (times: number) => rulesOf(`[overrides]\n${`${key}=${value}\n`.repeat(times)}`)
    expect(rulesFor(127).ignored).toEqual([])
    expect(rulesFor(128).ignored).toEqual([])
    const more = rulesFor(130)
    expect(more.overrides[list]).toHaveLength(room)
    expect(more.ignored.map(({ code }) => code)).toEqual(
      Array(130 - room).fill('GNUTLS_CONFIG_TOO_MANY'),
    )
    expect(more.refusedWhenStrict).toBe(room === 128)
  })

  it('that were withdrawn, or not yet there, name nothing', () => {
    const codes = (line: string, release: GnutlsRelease) =>
      rulesOf(`[overrides]\n${line}\n`, release).ignored.map(({ code }) => code)
    expect(codes('insecure-sig = ML-DSA-44', '3.7.9')).toEqual(['GNUTLS_CONFIG_UNKNOWN_VALUE'])
    expect(codes('insecure-sig = ML-DSA-44', '3.8.13')).toEqual([])
    expect(codes('tls-disabled-kx = SRP', '3.7.9')).toEqual([])
    expect(codes('tls-disabled-kx = SRP', '3.8.13')).toEqual(['GNUTLS_CONFIG_UNKNOWN_VALUE'])
    expect(codes('tls-disabled-kx = RSA-EXPORT', '3.7.9')).toEqual(['GNUTLS_CONFIG_UNKNOWN_VALUE'])
  })

  it('are suggested for one that is none, with the settings of the section', () => {
    const hintOf = (text: string) => rulesOf(text).ignored[0]?.hint
    expect(hintOf('[overrides]\ndisabled-versio = TLS1.0\n')).toContain('disabled-version')
    expect(hintOf('[overrides]\ntls-session-hsh = require\n')).toContain('tls-session-hash')
    expect(hintOf('[global]\noverride-mde = allowlist\n')).toContain('override-mode')
    expect(hintOf('[global]\ndisabled-version = TLS1.0\n') ?? '').not.toContain('disabled-version')
  })
})

describe('the settings', () => {
  /** What each takes, as the first release that has it reads it. */
  const SETTINGS = [
    ['global', 'override-mode', 'Blocklist', 'blocklist', '3.7.9'],
    ['global', 'ktls', 'True', 'true', '3.7.9'],
    ['global', 'ktls', 'false', 'false', '3.8.9'],
    ['overrides', 'default-priority-string', 'NORMAL more', 'NORMAL', '3.7.9'],
    ['overrides', 'min-verification-profile', 'suiteb128', 'SuiteB128', '3.7.9'],
    ['overrides', 'tls-session-hash', 'Request', 'request', '3.8.9'],
    ['overrides', 'allow-rsa-pkcs1-encrypt', 'FALSE more', 'false', '3.8.9'],
    ['overrides', 'cert-compression-alg', 'zstd', 'ZSTD', '3.8.13'],
    ['provider', 'url', 'pkcs11:x', 'pkcs11:x', '3.8.13'],
    ['provider', 'pin', '1234', '1234', '3.8.13'],
  ] as const
  const RELEASES = ['3.7.9', '3.8.9', '3.8.13', 'newest'] as const

  it.each(SETTINGS)('[%s] %s takes %s for %s since %s', (section, key, given, value, since) => {
    for (const release of RELEASES) {
      const rules = rulesOf(`[${section}]\n${key} = ${given}\n`, release)
      const isThere = RELEASES.indexOf(release) >= RELEASES.indexOf(since)
      expect(settingOf(rules, key)?.value, release).toBe(isThere ? value : undefined)
      expect(rules.ignored, release).toHaveLength(isThere ? 0 : 1)
    }
  })

  it('that take one word of some keep what an earlier entry set where another word stands', () => {
    const text = '[overrides]\ntls-session-hash = require\ntls-session-hash = require it\n'
    const rules = rulesOf(text)
    expect(settingOf(rules, 'tls-session-hash')?.value).toBe('require')
    expect(rules.ignored).toMatchObject([{ code: 'GNUTLS_CONFIG_UNKNOWN_VALUE' }])
  })

  it('repeat where every entry adds a value, and nowhere else', () => {
    const values = (key: 'cert-compression-alg' | 'tls-session-hash', ...given: string[]) =>
      rulesOf(`[overrides]\n${given.map((value) => `${key} = ${value}\n`).join('')}`)
        .settings.get(key)
        ?.map(({ value }) => value)
    expect(values('cert-compression-alg', 'zlib', 'zstd')).toEqual(['ZLIB', 'ZSTD'])
    expect(values('tls-session-hash', 'request', 'require')).toEqual(['require'])
  })

  it('of [provider] are read there alone, and not by a release without it', () => {
    const rules = rulesOf('[overrides]\nurl = pkcs11:x\n')
    expect(settingOf(rules, 'url')).toBeUndefined()
    expect(rules.ignored).toMatchObject([{ code: 'GNUTLS_CONFIG_UNKNOWN_KEY' }])
  })
})

describe('a name that is long', () => {
  const long = 'k'.repeat(60)

  it('is cut where it names a section, or the key of a line that goes on', () => {
    const text = `[${long}]\n${long} = a\n  b\n`
    const { entries } = parseIniFile({ name: 'x', text })
    expect(entries.map(({ section, key, value }) => [section.length, key.length, value])).toEqual([
      [49, 60, 'a'],
      [49, 49, 'b'],
    ])
  })
})

describe('a line of the file', () => {
  const read = (text: string) => {
    const { entries, malformed, split } = parseIniFile({ name: 'x', text })
    const at = malformed && formatLocation(malformed)
    const told = entries.map(({ key, value, continuation }) =>
      [key, value, ...(continuation ? ['goes on'] : [])].join('|'),
    )
    return { entries: told, at, split: split.map(({ start, end }) => [start, end]) }
  }

  it.each([
    ['', []],
    ['\n \t\n', []],
    ['; a\n# b\n  ; c\n', []],
    ['A=1', ['A|1']],
    ['A=1\n', ['A|1']],
    ['A=', ['A|']],
    ['A = 1 ; no\n', ['A|1']],
    ['A = 1;yes\n', ['A|1;yes']],
    ['A\t=\t1\v\f\r\n', ['A|1']],
    ['A=1\n B=2 # yes\n', ['A|1', 'A|B=2 # yes|goes on']],
    ['A=1\n # no\n', ['A|1']],
    ['A=1\n\n B\n', ['A|1', 'A|B|goes on']],
    ['A=1\n[S]\n B=2\n', ['A|1', 'B|2']],
    [' A=1\n', ['A|1']],
    ['A=1\0 not read\nB=2\n', ['A|1', 'B|2']],
    ['\ufeffA=1\n', ['A|1']],
    ['A=1\n\ufeffB=2\n', ['A|1', '\ufeffB|2']],
    ['[S # x]\nA=1\n', []],
    ['[S#x] # why\nA=1\n', ['A|1']],
  ] as const)('%j holds %j', (text, entries) => {
    expect(read(text).entries).toEqual(entries)
  })

  it('that is malformed ends the file', () => {
    expect(read('A=1\nB\nC=3\n')).toEqual({ entries: ['A|1'], at: 'x:2:1', split: [] })
    expect(read('[S\n').at).toBe('x:1:1')
    expect(read('A #= 1\n').at).toBe('x:1:1')
  })

  it.each([
    ['letters', 'a', 2047],
    ['letters of two bytes', 'é', 1024],
    ['letters of four bytes', '😀', 1024],
  ])('of %s is cut after 2047 bytes, at a letter', (_, letter, end) => {
    const short = `A=${'b'.repeat(2044)}\n`
    expect(read(short).split).toEqual([])
    expect(read(`A=${letter.repeat(2046)}`).split[0]).toEqual([0, end])
  })
})

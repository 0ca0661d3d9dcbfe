import { describe, expect, it } from 'vitest'
import type { Diagnostic } from '../../../src/diagnostics/diagnostic.ts'
import { formatLocation, spanText } from '../../../src/diagnostics/source.ts'
import { type EvaluateOptions, evaluatePriority } from '../../../src/priority/evaluate.ts'
import {
  diagnoseFailure,
  requirePriority,
  warnAboutPriority,
} from '../../../src/priority/failure/failure-diagnostics.ts'
import { readOpensslWord } from '../../../src/priority/openssl-language.ts'
import { parseSystemConfig } from '../../../src/priority/system-config.ts'

function diagnose(text: string, options: EvaluateOptions = {}): Diagnostic {
  const outcome = evaluatePriority({ name: 'test', text }, options)
  if (outcome.ok) throw new Error(`accepted: ${text}`)
  return diagnoseFailure(outcome.failure, options)
}

function config(text: string): EvaluateOptions {
  return { config: parseSystemConfig({ name: 'gnutls.config', text }) }
}

function marked({ span }: Diagnostic): string | undefined {
  return span && spanText(span)
}

describe('an unknown token', () => {
  it.each([
    ['NORMAL: +AES-265-GCM', 'PRIORITY_UNKNOWN_WORD', '+AES-265-GCM', '+AES-256-GCM'],
    ['NORMLA', 'PRIORITY_UNKNOWN_WORD', 'NORMLA', 'NORMAL'],
    ['NORMAL:+VERS-TSL1.3', 'PRIORITY_UNKNOWN_WORD', '+VERS-TSL1.3', '+VERS-TLS1.3'],
    ['NORMAL:%COMPATT', 'PRIORITY_UNKNOWN_WORD', '%COMPATT', '%COMPAT'],
    ['NORMAL:%compat', 'PRIORITY_OPTION_CASE', '%compat', '%COMPAT'],
    ['NORMAL:AES-256-GCM', 'PRIORITY_MISSING_SIGN', 'AES-256-GCM', '+AES-256-GCM'],
    ['NORMAL:-SECURE128', 'PRIORITY_MISPLACED_LEVEL', '-SECURE128', 'NONE'],
    ['NORMAL:NONE', 'PRIORITY_MISPLACED_LEVEL', 'NONE', 'NONE'],
    ['NORMAL::+RSA', 'PRIORITY_EMPTY_TOKEN', '', 'colon'],
    ['', 'PRIORITY_EMPTY_TOKEN', '', 'NORMAL'],
  ])('of %j is %s, marked and with a hint', (text, code, token, hint) => {
    const diagnostic = diagnose(text)
    expect(diagnostic.code).toBe(code)
    expect(marked(diagnostic)).toBe(token)
    expect(diagnostic.hint).toContain(hint)
  })

  it.each([
    ['ECDHE+AESGCM', '+ECDHE-ECDSA:+ECDHE-RSA:+AES-256-GCM:+AES-128-GCM:+AEAD'],
    ['HIGH:!aNULL', 'NONE:+VERS-TLS1.3:+VERS-TLS1.2:+ECDHE-ECDSA'],
    ['HIGH:%COMPAT', 'SECURE128'],
    ['NORMAL:!aNULL', '-ANON-DH:-ANON-ECDH'],
    ['TLS_AES_128_GCM_SHA256', '+AES-128-GCM:+AEAD'],
    ['NORMAL:TLS_AES_128_GCM_SHA256', '+AES-128-GCM:+AEAD'],
    ['ECDHE-RSA-AES128-GCM-SHA256', '+ECDHE-RSA:+AES-128-GCM:+AEAD'],
  ])('of %j is recognized as OpenSSL language', (text, instead) => {
    const diagnostic = diagnose(text)
    expect(diagnostic.code).toBe('PRIORITY_OPENSSL_LANGUAGE')
    expect(diagnostic.hint).toContain(instead)
  })

  it('says which releases know it', () => {
    const diagnostic = diagnose('NORMAL:+SRP', { release: '3.8.13' })
    expect(diagnostic.code).toBe('PRIORITY_OTHER_RELEASE')
    expect(diagnostic.hint).toBe('it is known to GnuTLS 3.7.9')
  })

  it('is shown in the file that holds it', () => {
    const diagnostic = diagnose('@SYSTEM:+RSA', config('SYSTEM=NORMAL:+RSB\n'))
    expect(diagnostic.span && formatLocation(diagnostic.span)).toBe('gnutls.config:1:15')
  })

  it('may be a keyword within a string', () => {
    const diagnostic = diagnose('@A', config('A=@SYSTEM:+RSA\nSYSTEM=NORMAL\n'))
    expect(diagnostic.code).toBe('PRIORITY_NESTED_KEYWORD')
  })

  it('may be a curve that the configuration disables', () => {
    const options = config('[overrides]\ndisabled-curve = X25519\n')
    const diagnostic = diagnose('NORMAL:-CURVE-X25519', options)
    expect(diagnostic.code).toBe('PRIORITY_DISABLED_CURVE')
    expect(diagnostic.message).toContain('gnutls.config:2:18')
    expect(diagnostic.hint).toContain('-GROUP-X25519')
  })
})

describe('an unresolved keyword', () => {
  it('names the file, what was tried and what it has', () => {
    const diagnostic = diagnose('@QEMU,SYSTM:+RSA', config('SYSTEM=NORMAL\n'))
    expect(diagnostic).toMatchObject({
      code: 'PRIORITY_UNRESOLVED',
      fault: 'missing',
      message: 'gnutls.config defines none of `QEMU`, `SYSTM`',
      hint: 'did you mean SYSTEM?',
    })
    expect(marked(diagnostic)).toBe('@QEMU,SYSTM')
  })

  it('may be the work of a comma after the colon', () => {
    const diagnostic = diagnose('@SYSTEM:,+RSA', config('SYSTEM=NORMAL\n'))
    expect(diagnostic.code).toBe('PRIORITY_BROKEN_KEYWORDS')
    expect(marked(diagnostic)).toBe(',')
  })
})

describe('no or insufficient priorities', () => {
  it.each([
    ['NORMAL:-CIPHER-ALL:+RSA', '-CIPHER-ALL', 'no ciphers are left'],
    ['NORMAL:-VERS-ALL', '-VERS-ALL', 'no protocols are left'],
    ['NORMAL:-MAC-ALL:%COMPAT', '-MAC-ALL', 'no MACs are left'],
    ['NORMAL:-VERS-ALL:+VERS-TLS1.2:-SIGN-ALL', '-SIGN-ALL', 'no signature algorithm is left'],
  ])('in %j comes from %s', (text, token, what) => {
    const diagnostic = diagnose(text)
    expect(diagnostic.code).toBe('PRIORITY_EMPTIED')
    expect(marked(diagnostic)).toBe(token)
    expect(diagnostic.message).toContain(what)
  })

  it('names the token after which nothing was left for good', () => {
    const diagnostic = diagnose('NORMAL:-CIPHER-ALL:+AES-128-GCM:-AEAD')
    expect(marked(diagnostic)).toBe('-AEAD')
    expect(diagnostic.message).toContain('no cipher suite combines')
  })

  it('says what to add where nothing ever was allowed', () => {
    const diagnostic = diagnose('NONE:+VERS-TLS1.2:+SIGN-ALL:+AEAD:+RSA')
    expect(diagnostic.code).toBe('PRIORITY_INSUFFICIENT')
    expect(diagnostic.hint).toContain('+AES-256-GCM')
  })

  it('names the override that took the last', () => {
    const text = 'NONE:+VERS-TLS1.2:+SIGN-ALL:+SHA1:+RSA:+AES-128-CBC'
    const diagnostic = diagnose(text, config('[overrides]\ntls-disabled-kx = RSA\n'))
    expect(diagnostic.code).toBe('PRIORITY_FORBIDDEN')
    expect(diagnostic.message).toContain('gnutls.config:2:19')
  })
})

it.each([
  ['NORMAL:NONE', 'NONE can only be the first token, without a sign'],
  ['NORMAL:+NONE', 'NONE can only be the first token, without a sign'],
  ['NORMAL:none', 'NONE can only be the first token, without a sign'],
  ['NORMAL:-SECURE128', '`-SECURE128`: a level cannot be removed'],
])('a level that is misplaced in %s is told as what it is', (text, message) => {
  expect(diagnose(text).message).toBe(message)
})

it('what was taken of the list that is empty is named, and nothing of others', () => {
  const text = 'NONE:+VERS-TLS1.2:+RSA:+AES-128-CBC:+SHA1:+SHA256:+SIGN-ALL'
  const overrides = '[overrides]\ntls-disabled-mac = sha256\ntls-disabled-cipher = aes-128-cbc\n'
  expect(diagnose(text, config(overrides)).message).toContain(
    'no ciphers are left: AES-128-CBC forbidden by the configuration (gnutls.config:3:23)',
  )
})

describe('a string that must be usable', () => {
  it('is evaluated', () => {
    expect(requirePriority({ name: 'test', text: 'NORMAL' }).suites.length).toBeGreaterThan(10)
  })

  it.each([
    'NONE:+VERS-TLS1.2:+SIGN-ALL:+AEAD:+AES-128-GCM',
    'NONE:+SECURE128:+VERS-TLS1.3:-GROUP-ALL',
  ])('is warned about where no connection can succeed: %s', (text) => {
    const [warning] = warnAboutPriority(requirePriority({ name: 'test', text }))
    expect(warning?.code).toBe('PRIORITY_UNUSABLE')
  })

  it('is warned about where tokens are dropped', () => {
    const text = `NORMAL${':+RSA'.repeat(128)}`
    const [warning] = warnAboutPriority(requirePriority({ name: 'test', text }))
    expect(warning?.code).toBe('PRIORITY_DROPPED_TOKENS')
    expect(warning?.span && spanText(warning.span)).toBe('+RSA')
  })
})

describe('a word of a cipher list', () => {
  it.each([
    ['HIGH', 'SECURE128'],
    ['!HIGH', ''],
    ['-ALL', ''],
    ['RC4', '+ARCFOUR-128'],
    ['+RC4', '+ARCFOUR-128'],
    ['-RC4', '-ARCFOUR-128'],
    ['!RC4', '-ARCFOUR-128'],
    ['!aNULL', '-ANON-DH:-ANON-ECDH'],
    ['kEECDH', '+ECDHE-ECDSA:+ECDHE-RSA'],
    ['!kRSA+AES128', '-RSA:-AES-128-GCM:-AEAD:-AES-128-CBC:-SHA1'],
    ['AES128+AES256', '+AES-128-GCM:+AEAD:+AES-128-CBC:+SHA1:+AES-256-GCM:+AES-256-CBC'],
    ['ECDHE+NONSENSE', '+ECDHE-ECDSA:+ECDHE-RSA'],
    ['NONSENSE+ECDHE', '+ECDHE-ECDSA:+ECDHE-RSA'],
    ['!EXPORT', ''],
    ['@STRENGTH', '%PROFILE_MEDIUM'],
    ['@SECLEVEL=2', '%PROFILE_MEDIUM'],
    ['@seclevel=10', '%PROFILE_MEDIUM'],
    ['TLS_AES_128_GCM_SHA256', '+AES-128-GCM:+AEAD'],
    ['TLS_RSA_WITH_AES_128_CBC_SHA', '+RSA:+AES-128-CBC:+SHA1'],
    ['TLS_NONSENSE', ''],
    ['!AES128-SHA', '-RSA:-AES-128-CBC:-SHA1'],
    ['ECDHE-RSA-RC4-SHA', '+ECDHE-RSA:+ARCFOUR-128:+SHA1'],
    ['ECDHE-RSA-AES128-NONSENSE', ''],
    ['ARIA256-GCM-SHA384', ''],
  ])('%s is one, and %j is to be written', (word, instead) => {
    expect(readOpensslWord(word)).toEqual({ instead })
  })

  it.each([
    ...['', '!', 'NONSENSE', 'NONSENSE+OTHER', '+AES-128-GCM', '+VERS-TLS1.2', '%COMPAT', 'NORMAL'],
    ...['@STRENGTH2', 'x@STRENGTH', '@SECLEVEL=', '@SECLEVEL=x', 'x TLS_RSA', 'TLS_', '@SYSTEM'],
  ])('%j is none', (word) => {
    expect(readOpensslWord(word)).toBeUndefined()
  })

  it.each([
    ...['ALL', 'DEFAULT', 'HIGH', 'MEDIUM', 'ECDHE', 'EECDH', 'kECDHE', 'kEECDH', 'DHE', 'EDH'],
    ...['kDHE', 'kEDH', 'kRSA', 'ADH', 'AECDH', 'aNULL', 'eNULL', 'aRSA', 'aECDSA', 'AESGCM'],
    ...['AESCCM', 'AES', 'AES128', 'AES256', 'CHACHA20', 'CAMELLIA', '3DES', 'DES', 'RC4', 'SHA'],
    ...['kPSK', 'TLSv1.2'],
  ])('%s has words in a priority string that GnuTLS takes', (word) => {
    const { instead = '' } = readOpensslWord(word) ?? {}
    expect(instead).not.toBe('')
    expect(evaluatePriority({ name: 'test', text: `NORMAL:${instead}` }).ok).toBe(true)
  })
})

describe('a hint', () => {
  it.each([
    ['LOW', ''],
    ['EXP', ''],
    ['SSLv3', ''],
  ])('has no word for %s', (word, instead) => {
    expect(readOpensslWord(word)).toEqual({ instead })
  })

  it('says what to do where the configuration forbids the last', () => {
    const text = 'NONE:+VERS-TLS1.2:+SIGN-ALL:+SHA1:+RSA:+AES-128-CBC'
    const diagnostic = diagnose(text, config('[overrides]\ntls-disabled-kx = RSA\n'))
    expect(diagnostic.hint).toContain('take the override out')
  })

  it.each([
    ['NONE:+VERS-TLS1.2:+SIGN-ALL:+AEAD:+RSA', '+AES-256-GCM'],
    ['NONE:+VERS-TLS1.2:+SIGN-ALL:+AES-128-GCM:+RSA', '+AEAD'],
    ['NONE:+VERS-TLS1.2:+SIGN-ALL:+AES-128-CBC:+SHA1', '+ECDHE-ECDSA'],
    ['NONE:+SIGN-ALL:+AES-128-GCM:+AEAD:+RSA', '+VERS-TLS1.3'],
    ['NONE:+VERS-TLS1.2:+AES-128-GCM:+AEAD:+RSA', '+SIGN-ALL'],
    ['NONE:+VERS-TLS1.2:+SIGN-ALL:+AES-128-GCM:+SHA1:+RSA', 'AEAD goes with GCM'],
  ])('of %s says what to add: %s', (text, hint) => {
    const diagnostic = diagnose(text)
    expect(diagnostic.code).toBe('PRIORITY_INSUFFICIENT')
    expect(diagnostic.hint).toContain(hint)
    expect(marked(diagnostic)).toBe(text)
  })

  it.each([
    ['NORMAL:+TLS1.2', '+VERS-TLS1.2'],
    ['NORMAL:-X25519', '-GROUP-X25519'],
    ['NORMAL:RSA-SHA256', '+SIGN-RSA-SHA256'],
  ])('completes %s: %s', (text, hint) => {
    expect(diagnose(text)).toMatchObject({
      code: 'PRIORITY_UNKNOWN_WORD',
      hint: expect.stringContaining(hint),
    })
  })

  it('names SYSTEM too where an allowlist answers it', () => {
    const text = '[global]\noverride-mode = allowlist\n[priorities]\nQEMU=NORMAL\n'
    expect(diagnose('@SYSTM', config(text)).hint).toBe('did you mean SYSTEM?')
    expect(diagnose('@SYSTM', config('QEMU=NORMAL\n')).hint).not.toContain('SYSTEM')
    expect(diagnose(' @X', config('QEMU=NORMAL\n')).span).toMatchObject({ start: 1, end: 3 })
  })
})

it('an unresolved keyword has the keywords that there are for a hint', () => {
  expect(diagnose('@A,B', config('SYSTEM=NORMAL\nQEMU=PFS\n')).hint).toContain('@A,B,SYSTEM')
})

it('a cipher list is converted briefly for its hint', () => {
  expect(diagnose('HIGH:!aNULL').hint).toMatch(
    /:\+GROUP-ALL:\+SIGN-ALL:\+CTYPE-X509:%PROFILE_MEDIUM$/,
  )
})

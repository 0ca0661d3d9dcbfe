import { describe, expect, it } from 'vitest'
import { isSameName, toUpperAscii } from '../../src/priority/ascii-case.ts'
import {
  allowedTls,
  type EvaluateOptions,
  type Evaluation,
  evaluatePriority,
  reportedOffset,
} from '../../src/priority/evaluate.ts'
import type { GnutlsRelease } from '../../src/priority/releases.ts'
import { parseSystemConfig } from '../../src/priority/system-config.ts'

function evaluate(text: string, options: EvaluateOptions = {}): Evaluation {
  const outcome = evaluatePriority({ name: 'test', text }, options)
  if (!outcome.ok) throw new Error(`refused: ${text}`)
  return outcome.evaluation
}

function offsetOf(text: string): number | undefined {
  const outcome = evaluatePriority({ name: 'test', text })
  return outcome.ok ? undefined : reportedOffset(outcome.failure)
}

function config(overrides: string): EvaluateOptions {
  return { config: parseSystemConfig({ name: 'config', text: `[overrides]\n${overrides}\n` }) }
}

function names(rows: readonly { readonly name: string }[]): string {
  return rows.map(({ name }) => name).join(' ')
}

describe('levels', () => {
  it('set the lists once and add to them afterwards', () => {
    expect(names(evaluate('SECURE192:NORMAL').ciphers)).toBe(
      'AES-256-GCM CHACHA20-POLY1305 AES-256-CBC AES-256-CCM AES-128-GCM AES-128-CCM AES-128-CBC',
    )
  })

  it('add with a sign, without counting as the first', () => {
    expect(names(evaluate('+SECURE192:SUITEB128').ciphers)).toBe('AES-256-GCM AES-128-GCM')
  })

  it('lower the profile but never raise it', () => {
    expect(evaluate('SECURE256').profile).toBe('HIGH')
    expect(evaluate('SECURE256:NORMAL').profile).toBe('LOW')
    expect(evaluate('NORMAL:SECURE256').profile).toBe('LOW')
    expect(evaluate('LEGACY').profile).toBeUndefined()
  })

  it('forget what an option before them said about tickets', () => {
    expect(evaluate('NORMAL:%NO_TICKETS').options.tickets).toBe(false)
    expect(evaluate('NORMAL:%NO_TICKETS:+PFS').options).toMatchObject({
      tickets: true,
      ticketsTls12: false,
    })
  })

  it('stand first as NONE for empty lists, in any case', () => {
    expect(evaluate('none:+SUITEB192').keyExchanges).toHaveLength(1)
  })
})

describe('words', () => {
  it('ignore case, except in options', () => {
    expect(names(evaluate('normal:-vers-tls-all:+Vers-Tls1.2').protocols)).toBe(
      'DTLS1.2 DTLS1.0 TLS1.2',
    )
    expect(offsetOf('NORMAL:%compat')).toBe(7)
  })

  it('keep the place of what is there already', () => {
    expect(names(evaluate('NORMAL:+AES-256-GCM').ciphers)).toMatch(/^AES-256-GCM/)
  })

  it('match sets by their beginning', () => {
    expect(names(evaluate('NORMAL:-VERS-ALLOWED:+VERS-TLS1.2').protocols)).toBe('TLS1.2')
  })

  it('empty the whole list when a set is removed, but only the named groups', () => {
    expect(names(evaluate('NORMAL:-CIPHER-GOST-ALL:+AES-128-GCM').ciphers)).toBe('AES-128-GCM')
    expect(names(evaluate('NORMAL:-GROUP-DH-ALL').groups)).toBe(
      'SECP256R1 SECP384R1 SECP521R1 X25519 X448',
    )
  })

  it.each(['+COMP-NULL', '-COMP-LZO', '+CTYPE-OPENPGP', '+MAC-FOO', '+KX-', '+RSA-EXPORT'])(
    'accept and ignore %s',
    (word) => {
      expect(evaluate(`NORMAL:${word}`).suites).toEqual(evaluate('NORMAL').suites)
    },
  )

  it('mean a MAC before a cipher before a key exchange', () => {
    expect(names(evaluate('NORMAL:+GOST28147-TC26Z-IMIT').macs)).toContain('GOST28147-TC26Z-IMIT')
  })

  it('stop counting after 128 tokens', () => {
    const text = `NORMAL${':+RSA'.repeat(127)}:NONSENSE`
    expect(offsetOf(text)).toBeUndefined()
    expect(offsetOf(text.replace(':+RSA', ''))).toBe(text.length - 5 - 'NONSENSE'.length)
  })
})

describe('the reported offset of an error', () => {
  it('forgets the spaces that were skipped', () => {
    expect(offsetOf('NORMAL:  +RSA:   +NONSENSE')).toBe('NORMAL:+RSA:'.length)
  })

  it('is the beginning where the string was not taken as it is', () => {
    expect(offsetOf(' NORMAL:+NONSENSE')).toBe(0)
  })
})

describe('what is removed in the end', () => {
  it.each([
    ['NORMAL:+NULL', 'TLS 1.3 cannot use what the string asks for'],
    ['NORMAL:+RSA-PSK', 'TLS 1.3 cannot use what the string asks for'],
    ['NORMAL:%NO_EXTENSIONS', 'TLS 1.3 cannot use what the string asks for'],
    ['NORMAL:-GROUP-ALL', 'no group is left for TLS 1.3'],
    ['NORMAL:-VERS-TLS1.2', 'TLS 1.2 is missing between older versions and TLS 1.3'],
  ])('is TLS 1.3 for %s', (text, reason) => {
    const { protocols, adjustments } = evaluate(text)
    expect(names(protocols)).not.toContain('TLS1.3')
    expect(adjustments).toMatchObject([{ reason, list: 'protocols', removed: ['TLS1.3'] }])
  })

  it('is every version that signs, where no signature algorithm is left', () => {
    expect(names(evaluate('NORMAL:-SIGN-ALL').protocols)).toBe('TLS1.1 TLS1.0 DTLS1.0')
  })

  it('is every key exchange, where TLS 1.3 stands alone', () => {
    expect(evaluate('NORMAL:-VERS-ALL:+VERS-TLS1.3').keyExchanges).toEqual([])
  })

  it('is a suite whose hash the configuration forbids', () => {
    const { suites } = evaluate('NORMAL', config('insecure-hash = SHA384'))
    expect(suites.every((suite) => suite.prf !== 'SHA384')).toBe(true)
  })

  it('is a group on a curve that the configuration disables, though the list keeps it', () => {
    const { groups, usableGroups } = evaluate('NORMAL', config('disabled-curve = X25519'))
    expect(names(groups)).toContain('X25519')
    expect(names(usableGroups)).not.toContain('X25519')
  })
})

describe('configuration settings', () => {
  it('raise a profile that is too low', () => {
    const options = config('min-verification-profile = medium')
    expect(evaluate('NORMAL', options).profile).toBe('MEDIUM')
    expect(evaluate('SECURE256', options).profile).toBe('HIGH')
  })

  it('overrule what the string says of the session hash', () => {
    const options = config('tls-session-hash = require')
    expect(evaluate('NORMAL:%NO_SESSION_HASH', options).options).toMatchObject({
      extendedMasterSecret: true,
      requireExtendedMasterSecret: true,
    })
  })
})

describe('certificates', () => {
  it('may not bear what is broken, or what the configuration forbids', () => {
    expect([...evaluate('NORMAL').certificateProhibitions.keys()]).toEqual(
      expect.arrayContaining(['RSA-MD5', 'RSA-SHA1', 'ECDSA-SHA1']),
    )
    const options = config('insecure-sig-for-cert = RSA-SHA256')
    expect(evaluate('NORMAL', options).certificateProhibitions.has('RSA-SHA256')).toBe(true)
    expect(evaluate('NORMAL', options).usableSignatures).toContainEqual(
      expect.objectContaining({ name: 'RSA-SHA256' }),
    )
  })
})

describe('releases', () => {
  it('offer ML-DSA from 3.8.13 on, and hybrid groups where the build has them', () => {
    expect(names(evaluate('NORMAL', { release: '3.8.9' }).signatures)).not.toContain('ML-DSA')
    expect(names(evaluate('NORMAL', { release: '3.8.13' }).signatures)).toContain('ML-DSA-44')
    expect(names(evaluate('NORMAL:+GROUP-X25519-MLKEM768').usableGroups)).toMatch(
      /^X25519-MLKEM768/,
    )
  })

  it('know ML-DSA by name before TLS could say it', () => {
    const { usableSignatures } = evaluate('NORMAL:+SIGN-ML-DSA-44', { release: '3.8.9' })
    expect(names(usableSignatures)).not.toContain('ML-DSA')
  })
})

describe('the allowed TLS', () => {
  it('leaves out suites that no allowed version can negotiate', () => {
    const { suites, versions } = allowedTls(evaluate('NORMAL:-VERS-ALL:+VERS-TLS1.3:+PSK'))
    expect(names(versions)).toBe('TLS1.3')
    expect(suites.every((suite) => suite.minimum === 'TLS1.3')).toBe(true)
  })

  it('leaves out groups and schemes that no allowed version can negotiate', () => {
    const priority = 'NORMAL:-VERS-TLS1.3:+GROUP-X25519-MLKEM768:-ECDHE-RSA:-ECDHE-ECDSA'
    const { groups, signatureSchemes } = allowedTls(evaluate(priority))
    expect(names(groups)).toBe('ffdhe2048 ffdhe3072 ffdhe4096 ffdhe6144 ffdhe8192')
    expect(names(signatureSchemes)).not.toContain('mldsa')
  })

  it('has no SSL 3.0, though GnuTLS lists it under an allowlist', () => {
    const text = '[global]\noverride-mode = allowlist\n[overrides]\nsecure-hash = SHA256\n'
    const options = { config: parseSystemConfig({ name: 'config', text }) }
    const evaluation = evaluate('NORMAL:+VERS-SSL3.0', options)
    expect(names(evaluation.protocols)).toContain('SSL3.0')
    expect(names(allowedTls(evaluation).versions)).not.toContain('SSL3.0')
  })

  it('names each signature scheme once', () => {
    const { signatureSchemes } = allowedTls(evaluate('SUITEB128'))
    expect(names(signatureSchemes)).toBe('ecdsa_secp256r1_sha256 ecdsa_secp384r1_sha384')
  })

  it('states the key sizes of the profile and of the level', () => {
    expect(allowedTls(evaluate('NORMAL:%PROFILE_HIGH')).minimumKeySizes).toEqual({
      rsa: 3072,
      dsa: 3072,
      ec: 256,
      dh: 3072,
    })
    expect(allowedTls(evaluate('LEGACY')).minimumKeySizes).toMatchObject({ rsa: 0, dh: 767 })
  })
})

describe('protocols that cannot be used', () => {
  /** Reasons for what was taken out of a list, with the names. */
  const removedOf = (text: string, options: EvaluateOptions = {}) =>
    evaluate(text, options)
      .adjustments.filter(({ list }) => list === 'protocols')
      .map(({ reason, removed }) => `${reason}: ${removed}`)
  const OLD = ':+AES-128-CBC:+SHA1:+RSA:+SIGN-ALL:+GROUP-ALL'

  // As gnutls-cli -l says of the same strings.
  it('of SSL 3.0 alone nothing is left', () => {
    expect(offsetOf(`NONE:+VERS-SSL3.0${OLD}`)).toBeDefined()
    expect(names(evaluate(`NONE:+VERS-SSL3.0:+VERS-TLS1.0${OLD}`).protocols)).toBe('TLS1.0')
  })

  it('are told apart: what the library lacks, and what the configuration forbids', () => {
    const string = `NONE:+VERS-SSL3.0:+VERS-TLS1.0:+VERS-TLS1.1${OLD}`
    expect(removedOf(string)).toEqual(['not built in: SSL3.0'])
    expect(removedOf(string, config('disabled-version = tls1.0'))).toEqual([
      'not built in: SSL3.0',
      'forbidden by the configuration: TLS1.0',
    ])
  })
})

describe('options', () => {
  /** What GnuTLS does without any (its manual, "Priority strings"). */
  const STANDARD = {
    extensions: true,
    shuffleExtensions: true,
    statusRequest: true,
    tickets: true,
    ticketsTls12: true,
    encryptThenMac: true,
    forceEncryptThenMac: false,
    extendedMasterSecret: true,
    requireExtendedMasterSecret: false,
    renegotiation: 'partial',
    fallbackSignal: false,
    serverPrecedence: false,
    firstRecordVersion: 'ssl3',
    middleboxCompatibility: true,
    largeRecords: false,
    smallRecords: false,
    firewallPadding: false,
    keyUsageViolations: false,
    serverKeyUsageViolations: false,
    certificateWildcards: true,
    revocationLists: true,
    brokenCertificateSignatures: false,
    md5CertificateSignatures: false,
    sha1CertificateSignatures: false,
  }

  it('are these by default', () => {
    expect(evaluate('NORMAL').options).toEqual(STANDARD)
  })

  it.each([
    [
      'COMPAT',
      {
        largeRecords: true,
        smallRecords: true,
        encryptThenMac: false,
        extendedMasterSecret: false,
        keyUsageViolations: true,
        firewallPadding: true,
      },
    ],
    ['DUMBFW', { firewallPadding: true }],
    ['NO_EXTENSIONS', { extensions: false }],
    ['NO_TICKETS', { tickets: false }],
    ['NO_TICKETS_TLS12', { ticketsTls12: false }],
    ['NO_ETM', { encryptThenMac: false }],
    ['FORCE_ETM', { forceEncryptThenMac: true }],
    ['NO_SESSION_HASH', { extendedMasterSecret: false }],
    ['FORCE_SESSION_HASH', { requireExtendedMasterSecret: true }],
    ['NO_STATUS_REQUEST', { statusRequest: false }],
    ['NO_SHUFFLE_EXTENSIONS', { shuffleExtensions: false }],
    ['VERIFY_ALLOW_BROKEN', { brokenCertificateSignatures: true }],
    ['VERIFY_ALLOW_SIGN_RSA_MD5', { md5CertificateSignatures: true }],
    ['VERIFY_ALLOW_SIGN_WITH_SHA1', { sha1CertificateSignatures: true }],
    ['VERIFY_DISABLE_CRL_CHECKS', { revocationLists: false }],
    ['LATEST_RECORD_VERSION', { firstRecordVersion: 'latest' }],
    ['LATEST_RECORD_VERSION:%SSL3_RECORD_VERSION', {}],
    ['UNSAFE_RENEGOTIATION', { renegotiation: 'unsafe' }],
    ['SAFE_RENEGOTIATION', { renegotiation: 'safe' }],
    ['SAFE_RENEGOTIATION:%PARTIAL_RENEGOTIATION', {}],
    ['DISABLE_SAFE_RENEGOTIATION', { renegotiation: 'disabled' }],
    ['FALLBACK_SCSV', { fallbackSignal: true }],
    ['DISABLE_WILDCARDS', { certificateWildcards: false }],
    ['SERVER_PRECEDENCE', { serverPrecedence: true }],
    ['DEBUG_ALLOW_KEY_USAGE_VIOLATIONS', { serverKeyUsageViolations: true }],
    ['ALLOW_SMALL_RECORDS', { smallRecords: true }],
    ['DISABLE_TLS13_COMPAT_MODE', { middleboxCompatibility: false }],
    ['STATELESS_COMPRESSION', {}],
    ['VERIFY_ALLOW_X509_V1_CA_CRT', {}],
    ['NEW_PADDING', {}],
    ['PROFILE_HIGH', {}],
  ])('%%%s changes just %j', (word, changes) => {
    expect(evaluate(`NORMAL:%${word}`).options).toEqual({ ...STANDARD, ...changes })
  })

  it.each([
    ['FORCE_SESSION_HASH', '3.8.9'],
    ['NO_STATUS_REQUEST', '3.8.9'],
    ['NO_SHUFFLE_EXTENSIONS', '3.8.9'],
    ['COMPAT', '3.7.9'],
  ] as const)('%%%s is there since %s', (word, since) => {
    const releases: readonly GnutlsRelease[] = ['3.7.9', '3.8.9', '3.8.13', 'newest']
    const having = releases.filter(
      (release) => evaluatePriority({ name: 'x', text: `NORMAL:%${word}` }, { release }).ok,
    )
    expect(having).toEqual(releases.slice(releases.indexOf(since)))
  })

  // Each profile with the sizes of its level (GnuTLS manual, "Selecting cryptographic key sizes").
  it.each([
    ['VERY_WEAK', 'VERY_WEAK', { rsa: 767, dsa: 0, ec: 0, dh: 767 }],
    ['LOW', 'LOW', { rsa: 1024, dsa: 1024, ec: 160, dh: 1024 }],
    ['LEGACY', 'LEGACY', { rsa: 1776, dsa: 2048, ec: 192, dh: 1776 }],
    ['MEDIUM', 'MEDIUM', { rsa: 2048, dsa: 2048, ec: 224, dh: 2048 }],
    ['HIGH', 'HIGH', { rsa: 3072, dsa: 3072, ec: 256, dh: 3072 }],
    ['ULTRA', 'ULTRA', { rsa: 8192, dsa: 8192, ec: 384, dh: 8192 }],
    ['FUTURE', 'FUTURE', { rsa: 15360, dsa: 15360, ec: 512, dh: 15360 }],
    ['SUITEB128', 'SUITEB128', { rsa: 3072, dsa: 3072, ec: 256, dh: 3072 }],
    ['SUITEB192', 'SUITEB128', { rsa: 3072, dsa: 3072, ec: 256, dh: 3072 }],
  ])('%%PROFILE_%s is the profile %s with keys of %j', (word, profile, sizes) => {
    const evaluation = evaluate(`NORMAL:%PROFILE_${word}`)
    expect(evaluation.profile).toBe(profile)
    expect(allowedTls(evaluation).minimumKeySizes).toEqual(sizes)
  })

  it('of the session hash may be asked for by the configuration', () => {
    const asked = config('tls-session-hash = request')
    expect(evaluate('NORMAL:%NO_SESSION_HASH', asked).options).toMatchObject({
      extendedMasterSecret: true,
      requireExtendedMasterSecret: false,
    })
    expect(evaluate('NORMAL:%FORCE_SESSION_HASH', asked).options).toMatchObject({
      requireExtendedMasterSecret: false,
    })
  })

  it('of the profile may be raised by the configuration, by level and not by number', () => {
    const profileOf = (text: string, minimum: string) =>
      evaluate(text, config(`min-verification-profile = ${minimum}`)).profile
    expect(profileOf('NORMAL', 'low')).toBe('LOW')
    expect(profileOf('NORMAL', 'high')).toBe('HIGH')
    expect(profileOf('NORMAL:%PROFILE_SUITEB128', 'high')).toBe('SUITEB128')
    expect(profileOf('NORMAL:%PROFILE_SUITEB128', 'ultra')).toBe('ULTRA')
    expect(profileOf('NORMAL:%PROFILE_ULTRA', 'suiteb128')).toBe('ULTRA')
    expect(profileOf('NONE:+VERS-TLS1.2:+RSA:+AES-128-CBC:+SHA1:+SIGN-ALL', 'low')).toBe('LOW')
  })
})

it('letters outside ASCII have no case, as in C', () => {
  const has = (line: string) =>
    evaluatePriority({ name: 'x', text: `NORMAL:+${line}` }, { release: '3.8.9' }).ok
  expect(has('sha1')).toBe(true)
  expect(has('\u017fha1')).toBe(false)
  expect(toUpperAscii('aé\u017fz')).toBe('Aé\u017fZ')
  expect(isSameName('aé', 'Aé')).toBe(true)
  expect(isSameName('aé', 'AÉ')).toBe(false)
  expect(isSameName('\u017fa', 'SA')).toBe(false)
  expect(isSameName('ab', 'AB')).toBe(true)
  expect(isSameName('ab', 'abc')).toBe(false)
})

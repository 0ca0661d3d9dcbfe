import { createSecureContext } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { opensslSuiteName } from '../../../src/algorithms/tls-suite-openssl.ts'
import type { Diagnostic } from '../../../src/diagnostics/diagnostic.ts'
import { DiagnosticError } from '../../../src/diagnostics/diagnostic.ts'
import type { Conversion } from '../../../src/priority/convert/conversion.ts'
import { convertPriority } from '../../../src/priority/convert/convert.ts'
import {
  diagnoseConversion,
  exactnessOf,
} from '../../../src/priority/convert/convert-diagnostics.ts'
import type { Evaluation } from '../../../src/priority/evaluate.ts'
import { requirePriority } from '../../../src/priority/failure/failure-diagnostics.ts'
import type { ConversionTarget } from '../../../src/priority/library-releases.ts'
import { execFileSync } from '../../peers/child-process.ts'

const STRINGS = ['NORMAL', 'PFS', 'SECURE192', 'SUITEB128', 'NORMAL:+PSK:+DHE-PSK', 'PERFORMANCE']

function evaluate(text: string): Evaluation {
  return requirePriority({ name: 'test', text })
}

function convert(text: string, target: ConversionTarget): Conversion {
  return convertPriority(evaluate(text), target)
}

function attempt(work: () => string): string | Diagnostic {
  try {
    return work()
  } catch (error) {
    const [diagnostic] = error instanceof DiagnosticError ? error.diagnostics : []
    if (!diagnostic) throw error
    return diagnostic
  }
}

function opensslExpands(ciphers: string): readonly string[] | undefined {
  try {
    const args = ['ciphers', '-ciphersuites', '', ciphers]
    return execFileSync('openssl', args, { encoding: 'utf8', timeout: 60_000 }).trim().split(':')
  } catch {
    return undefined
  }
}

describe('to openssl', () => {
  it('prints every command', () => {
    const { text, omissions } = convert('SUITEB128', 'openssl')
    expect(omissions).toEqual([])
    expect(text).toBe(
      [
        'MinProtocol = TLSv1.2',
        'MaxProtocol = TLSv1.2',
        'CipherString = ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=3',
        'Ciphersuites = ',
        'Groups = P-256:P-384',
        'SignatureAlgorithms = ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384',
        '',
      ].join('\n'),
    )
  })

  it.skipIf(!opensslExpands('ALL') && !process.env.CI).each(STRINGS)(
    'means to `openssl ciphers` just the suites that it claims for %s',
    (text) => {
      const { text: printed, allowed } = convert(text, 'openssl')
      const expected = allowed.suites.filter((suite) => suite.keyExchange !== undefined)
      const list = /^CipherString = (.*)$/m.exec(printed)?.[1] ?? ''
      expect(opensslExpands(list)).toEqual(expected.map((suite) => opensslSuiteName(suite)))
    },
  )

  it('says nothing of a string that it can say whole', () => {
    const conversion = convert('SUITEB128', 'openssl')
    expect(diagnoseConversion(conversion)).toEqual([])
    expect(conversion.unenforced).toEqual([])
  })

  it('leaves out a scheme that TLS 1.3 would use although the string allows it in TLS 1.2 alone', () => {
    // GnuTLS has other words for the schemes of TLS 1.3, which bind them to curves.
    const only = 'NORMAL:-SIGN-ALL:+SIGN-ECDSA-SHA256:+SIGN-RSA-PSS-RSAE-SHA256'
    const { text, omissions } = convert(only, 'openssl')
    expect(text).toContain('\nSignatureAlgorithms = rsa_pss_rsae_sha256\n')
    expect(omissions).toContainEqual({
      kind: 'signature scheme',
      name: 'ecdsa_secp256r1_sha256',
      because: 'a version that may not use it would use it too',
    })
  })

  it('names no scheme of GOST: OpenSSL would drop the whole list', () => {
    const text = 'NORMAL:-SIGN-ALL:+SIGN-GOSTR341012-256:+SIGN-RSA-SHA256'
    const { omissions, text: printed } = convert(text, 'openssl')
    expect(printed).toContain('\nSignatureAlgorithms = rsa_pkcs1_sha256\n')
    expect(omissions).toContainEqual(expect.objectContaining({ name: 'gostr34102012_256' }))
  })

  it('leaves out what it has no name for, and says so', () => {
    const { text, omissions } = convert('NORMAL:+CAMELLIA-256-GCM:+GROUP-GC256B', 'openssl')
    expect(text).not.toMatch(/CAMELLIA|GC256B/)
    expect(omissions.map(({ name }) => name)).toContain('TLS_RSA_WITH_CAMELLIA_256_GCM_SHA384')
  })

  it('keeps the newest of versions that do not follow one another', () => {
    const { text, omissions } = convert(
      'NONE:+VERS-TLS1.0:+VERS-TLS1.2:+RSA:+AES-128-CBC:+SHA1:+SIGN-ALL',
      'openssl',
    )
    expect(text).toContain('MinProtocol = TLSv1.2\nMaxProtocol = TLSv1.2\n')
    expect(omissions).toContainEqual({
      kind: 'version',
      name: 'TLS1.0',
      because: 'versions must follow one another',
    })
  })

  it('names what a release knows: ML-KEM and ML-DSA from 3.5 on', () => {
    const evaluation = evaluate('NORMAL:+GROUP-X25519-MLKEM768')
    const [old, recent] = (['3.0', '3.5'] as const).map(
      (openssl) => convertPriority(evaluation, 'openssl', { openssl }).text,
    )
    expect(old).not.toMatch(/MLKEM|mldsa/)
    expect(recent).toMatch(/MLKEM768.*mldsa65|mldsa65.*MLKEM768/s)
  })

  it.each([
    ['NONE:+VERS-TLS1.2:+RSA:+AES-128-CBC:+SHA1:+SIGN-ALL', 0],
    ['NORMAL', 1],
    ['NORMAL:%PROFILE_MEDIUM', 2],
    ['SECURE192', 3],
    ['NORMAL:%PROFILE_ULTRA', 4],
    ['SECURE128:%PROFILE_FUTURE:+GROUP-SECP521R1', 5],
  ])('turns the profile of %s into security level %i', (text, level) => {
    expect(convert(text, 'openssl').text).toContain(`:@SECLEVEL=${level}\n`)
  })

  it('says what a security level cannot do', () => {
    expect(convert('NORMAL:%PROFILE_ULTRA', 'openssl').unenforced).toContain(
      'RSA keys of at least 8192 bits',
    )
  })
})

describe('to any library', () => {
  const ONE_SUITE = 'NONE:+VERS-TLS1.3:+AES-128-GCM:+AEAD:+GROUP-SECP256R1:+SIGN-ALL'
  const OLD = 'NONE:+VERS-TLS1.1:+ECDHE-RSA:+AES-128-CBC:+SHA1:+GROUP-X25519:+SIGN-ALL'

  it.each([
    ['go', ONE_SUITE],
    ['nss', ONE_SUITE],
    ['java', OLD],
  ] as const)('refuses where nothing is left: to %s %s', (target, text) => {
    expect(attempt(() => convert(text, target).text)).toMatchObject({
      code: 'CONVERT_NOTHING_LEFT',
    })
  })

  it.each([
    ['openssl', 'the extended master secret'],
    ['go', 'the extended master secret'],
    ['openssl', 'encrypt-then-MAC with CBC ciphers'],
    ['java', 'encrypt-then-MAC with CBC ciphers'],
    ['java', 'RSA keys of at least 3072 bits'],
    ['go', 'RSA keys of at least 3072 bits'],
  ] as const)('%s is looser where it does not insist on %s', (target, demand) => {
    const conversion = convert('NORMAL:%PROFILE_HIGH:%FORCE_SESSION_HASH:%FORCE_ETM', target)
    expect(conversion.unenforced.join()).toContain(demand)
    expect(exactnessOf(conversion)).toBe('looser')
  })
})

describe('to node', () => {
  it.each(STRINGS)('gives options for %s that its OpenSSL accepts', (text) => {
    const options = JSON.parse(convert(text, 'node').text)
    expect(() => createSecureContext(options)).not.toThrow()
  })
})

describe('to nginx', () => {
  it('names versions one by one', () => {
    const old = 'NONE:+VERS-TLS1.0:+VERS-TLS1.2:+RSA:+AES-128-CBC:+SHA1:+SIGN-ALL'
    expect(convert(old, 'nginx').text).toContain('ssl_protocols TLSv1 TLSv1.2;')
  })

  it('has no Diffie-Hellman over finite fields: any file could bring its prime', () => {
    const { omissions } = convert('NORMAL', 'nginx')
    expect(omissions.map(({ name }) => name)).toContain('TLS_DHE_RSA_WITH_AES_256_GCM_SHA384')
  })
})

describe('to haproxy', () => {
  it('calls TLS 1.0 by its number', () => {
    const old = 'NONE:+VERS-TLS1.0:+VERS-TLS1.1:+RSA:+AES-128-CBC:+SHA1'
    const { text, surplus } = convert(old, 'haproxy')
    expect(text).toContain('ssl-default-bind-options ssl-min-ver TLSv1.0 ssl-max-ver TLSv1.1\n')
    // These versions have none to choose from.
    expect(text).not.toContain('sigalgs')
    expect(surplus).toEqual([])
  })

  it('says signature schemes to the releases that know the setting, and tells what others offer', () => {
    const { text, surplus } = convert('SUITEB128', 'haproxy')
    expect(text).toContain('.if version_atleast(2.8)\n    ssl-default-bind-sigalgs ecdsa_secp256r1')
    expect(surplus).toContain('rsa_pkcs1_sha256')
    expect(surplus).not.toContain('ecdsa_secp256r1_sha256')
    expect(surplus).not.toContain('rsa_pkcs1_sha224')
  })
})

describe('to postfix', () => {
  it('gives TLS 1.3 up unless all of its suites are allowed', () => {
    const { allowed, omissions } = convert('NORMAL:-CHACHA20-POLY1305', 'postfix')
    expect(allowed.versions.map(({ name }) => name)).not.toContain('TLS1.3')
    expect(omissions).toContainEqual(expect.objectContaining({ kind: 'version', name: 'TLS1.3' }))
    expect(convert('NORMAL', 'postfix').text).toContain(
      'smtpd_tls_protocols = >=TLSv1.2, <=TLSv1.3\n',
    )
  })

  it('names no hybrid group alone: a release that does not know it would take its own groups', () => {
    const text = 'NORMAL:-GROUP-ALL:+GROUP-X25519-MLKEM768'
    const work = () => convertPriority(evaluate(text), 'postfix', { openssl: '3.5' }).text
    expect(attempt(work)).toContain('smtpd_tls_protocols = >=TLSv1.2, <=TLSv1.2\n')
  })
})

describe('to dovecot', () => {
  it('says nothing where TLS 1.3 is not allowed, since it cannot be switched off', () => {
    expect(attempt(() => convert('NORMAL:-VERS-TLS1.3', 'dovecot').text)).toMatchObject({
      code: 'CONVERT_NOTHING_LEFT',
      hint: expect.stringContaining('TLS1.2: TLS1.3 cannot be switched off'),
    })
  })
})

describe('to postgresql', () => {
  it('keeps one curve, the first that TLS 1.3 can use', () => {
    const { text, omissions, allowed } = convert(
      'NORMAL:-GROUP-ALL:+GROUP-X25519:+GROUP-SECP384R1:+GROUP-SECP256R1',
      'postgresql',
    )
    expect(text).toContain("ssl_ecdh_curve = 'secp384r1'\n")
    expect(allowed.groups.map(({ name }) => name)).toEqual(['secp384r1'])
    expect(omissions).toContainEqual({
      kind: 'group',
      name: 'secp256r1',
      because: 'it takes one only',
    })
  })
})

describe('to java', () => {
  it('goes by the names of the registry', () => {
    const { text } = convert('NORMAL:-VERS-ALL:+VERS-TLS1.3', 'java')
    expect(text).toContain(
      'jdk.tls.client.cipherSuites=TLS_AES_256_GCM_SHA384,TLS_CHACHA20_POLY1305_SHA256,TLS_AES_128_GCM_SHA256\n',
    )
  })

  it('insists on the extended master secret where the string does', () => {
    const { text } = convert('NORMAL:%FORCE_SESSION_HASH', 'java')
    expect(text).toContain('jdk.tls.allowLegacyMasterSecret=false\n')
    expect(convert('NORMAL', 'java').text).not.toContain('allowLegacyMasterSecret')
  })

  it('has X25519MLKEM768 from 25 on', () => {
    const evaluation = evaluate('NORMAL:+GROUP-X25519-MLKEM768')
    const textOf = (jdk: '21' | '25') => convertPriority(evaluation, 'java', { jdk }).text
    expect(textOf('25')).toMatch(/namedGroups=.*X25519MLKEM768/)
    expect(textOf('21')).not.toMatch(/MLKEM/)
  })
})

describe('to go', () => {
  it('gives TLS 1.3 up where its fixed suites are not all allowed', () => {
    const { text, omissions } = convert('SECURE192', 'go')
    expect(text).toContain('MaxVersion: tls.VersionTLS12')
    expect(omissions).toContainEqual({
      kind: 'version',
      name: 'TLS1.3',
      because: 'it cannot be had without TLS_AES_128_GCM_SHA256',
    })
    expect(convert('NORMAL', 'go').text).toContain('MaxVersion: tls.VersionTLS13')
  })

  it('says which schemes Go offers all the same', () => {
    const conversion = convert('SECURE192', 'go')
    expect(conversion.surplus).toContain('rsa_pkcs1_sha1')
    expect(exactnessOf(conversion)).toBe('looser')
  })
})

describe('demands on peers', () => {
  const CBC = 'NONE:+VERS-TLS1.2:+ECDHE-RSA:+AES-128-CBC:+SHA1:+SIGN-RSA-SHA256:+GROUP-SECP256R1'
  const GCM = CBC.replace('CBC:+SHA1', 'GCM:+AEAD')
  const NEW = 'NONE:+VERS-TLS1.3:+AES-128-GCM:+AEAD:+SIGN-ALL:+GROUP-SECP256R1'
  const MASTER = 'the extended master secret'
  const MAC = 'encrypt-then-MAC with CBC ciphers'
  const RENEGOTIATION = 'secure renegotiation (RFC 5746)'
  const WILDCARDS = 'certificates without wildcards'

  it.each([
    [CBC, []],
    [`${CBC}:%FORCE_ETM`, [MAC]],
    [`${GCM}:%FORCE_ETM`, []],
    [`${GCM}:%FORCE_SESSION_HASH`, [MASTER]],
    [`${NEW}:%FORCE_SESSION_HASH`, []],
    [`${GCM}:%SAFE_RENEGOTIATION`, [RENEGOTIATION]],
    [`${GCM}:%PARTIAL_RENEGOTIATION`, []],
    [`${NEW}:%SAFE_RENEGOTIATION`, []],
    [`${NEW}:%DISABLE_WILDCARDS`, [WILDCARDS]],
    [`${CBC}:%FORCE_ETM:%FORCE_SESSION_HASH:%SAFE_RENEGOTIATION`, [MASTER, MAC, RENEGOTIATION]],
  ])('of %s that OpenSSL does not see to are %j', (text, demands) => {
    expect(convert(text, 'openssl').unenforced).toEqual(demands)
  })

  it('of the master secret Java sees to, of no other', () => {
    const text = `${CBC}:%FORCE_ETM:%FORCE_SESSION_HASH`
    expect(convert(text, 'java').unenforced).toEqual([MAC])
    expect(convert(text, 'go').unenforced).toEqual([MASTER, MAC])
  })

  const DHE = `${GCM}:+DHE-RSA:+GROUP-FFDHE3072:+GROUP-FFDHE8192`

  it.each([
    // No profile: GnuTLS takes any certificate.
    ['java', GCM, []],
    ['java', `${GCM}:%PROFILE_LOW`, []],
    ['java', `${GCM}:%PROFILE_MEDIUM`, ['RSA keys of at least 2048 bits']],
    [
      'java',
      `${GCM}:%PROFILE_HIGH`,
      ['RSA keys of at least 3072 bits', 'EC keys of at least 256 bits'],
    ],
    [
      'java',
      `${DHE}:%PROFILE_HIGH`,
      [
        'RSA keys of at least 3072 bits',
        'EC keys of at least 256 bits',
        'DH primes of at least 3072 bits',
      ],
    ],
    ['go', `${GCM}:%PROFILE_VERY_WEAK`, ['RSA keys of at least 767 bits']],
    ['openssl', `${GCM}:%PROFILE_MEDIUM`, []],
  ] as const)('to %s, the keys that %s asks for in vain are %j', (target, text, demands) => {
    expect(convert(text, target).unenforced).toEqual(demands)
  })

  it('of keys that a level refuses and the string does not are told with their sizes', () => {
    const keys = (text: string) =>
      convert(text, 'openssl')
        .omissions.filter(({ kind }) => kind === 'key size')
        .map(({ name }) => name)
    expect(keys(`${GCM}:%PROFILE_MEDIUM`)).toEqual([])
    expect(keys(GCM)).toEqual([])
    expect(keys(`${GCM}:%PROFILE_LEGACY`)).toEqual([
      'RSA keys from 1776 to 2047 bits',
      'EC keys from 192 to 223 bits',
    ])
    expect(keys(`${GCM}:%PROFILE_VERY_WEAK`)).toEqual([
      'RSA keys from 767 to 1023 bits',
      'EC keys from 0 to 159 bits',
    ])
  })
})

describe('what versions have in common', () => {
  const REST = ':+ECDHE-RSA:+AES-128-GCM:+AES-128-CBC:+AEAD:+SHA1:+GROUP-SECP256R1:+SIGN-RSA-SHA256'
  const versionsOf = (versions: string, target: ConversionTarget = 'openssl') =>
    convert(`NONE:${versions}${REST}`, target).allowed.versions.map(({ name }) => name)

  it.each([
    ['+VERS-TLS1.2', ['TLS1.2']],
    ['+VERS-TLS1.2:+VERS-TLS1.1', ['TLS1.1', 'TLS1.2']],
    ['+VERS-TLS1.0:+VERS-TLS1.1', ['TLS1.0', 'TLS1.1']],
    ['+VERS-TLS1.2:+VERS-TLS1.0', ['TLS1.2']],
    ['+VERS-TLS1.2:+VERS-DTLS1.2', ['TLS1.2']],
  ])('is a range without gaps: %s gives %j', (versions, expected) => {
    expect(versionsOf(versions)).toEqual(expected)
  })

  it('is each by itself for programs that name them one by one', () => {
    expect(versionsOf('+VERS-TLS1.2:+VERS-TLS1.0', 'nginx')).toEqual(['TLS1.0', 'TLS1.2'])
  })

  it('leaves out schemes of DSA and SHA-1 where no version signs', () => {
    const old = 'NONE:+VERS-TLS1.1:+DHE-DSS:+RSA:+AES-128-CBC:+SHA1:+SIGN-ALL:+SIGN-DSA-SHA1'
    const { text, allowed } = convert(old, 'openssl')
    expect(allowed.signatureSchemes).toEqual([])
    expect(text).not.toContain('SignatureAlgorithms')
  })

  it.each([
    ['openssl', false],
    ['go', true],
    ['java', true],
  ] as const)(
    'names schemes that only certificates use to peers of TLS 1.3, to %s: %s',
    (target, has) => {
      const text =
        'NONE:+VERS-TLS1.3:+AES-256-GCM:+AES-128-GCM:+CHACHA20-POLY1305:+AEAD:+GROUP-SECP256R1:' +
        '+SIGN-RSA-SHA1:+SIGN-RSA-PSS-RSAE-SHA256'
      const names = convert(text, target).allowed.signatureSchemes.map(({ name }) => name)
      expect(names).toContain('rsa_pss_rsae_sha256')
      expect(names.includes('rsa_pkcs1_sha1')).toBe(has)
    },
  )
})

describe('what is narrowed', () => {
  const because = (text: string, target: ConversionTarget = 'openssl') =>
    convert(text, target).omissions.map((one) => `${one.name}: ${one.because}`)
  const BASE = 'NONE:+VERS-TLS1.2:+AES-128-GCM:+AEAD:+SIGN-RSA-SHA256'

  it.each([
    ['+ECDHE-RSA', ['secp256r1'], ['ffdhe2048']],
    ['+ECDHE-RSA:+DHE-RSA', ['secp256r1'], ['ffdhe2048']],
    ['+ECDHE-RSA:+RSA', ['secp256r1'], ['ffdhe2048']],
    ['+RSA', [], ['secp256r1', 'ffdhe2048']],
    ['+VERS-TLS1.3:+RSA:+SIGN-RSA-PSS-RSAE-SHA256', ['secp256r1', 'ffdhe2048'], []],
  ])('with %s keeps groups that are used, %j', (words, kept, left) => {
    const text = `${BASE}:${words}:+GROUP-SECP256R1:+GROUP-FFDHE2048`
    expect(convert(text, 'openssl').allowed.groups.map(({ name }) => name)).toEqual(kept)
    const unused = because(text).filter((line) => line.endsWith('nothing that is left uses it'))
    // GnuTLS itself lists no group of which no suite is.
    const told = unused.map((line) => line.split(':')[0])
    expect(left.filter((name) => told.includes(name ?? ''))).toEqual(told)
  })

  it('gives up a version that lacks something, and keeps the others', () => {
    const text = `${BASE}:+VERS-TLS1.3:+ECDHE-RSA:+GROUP-SECP256R1`
    const { allowed } = convert(text, 'openssl')
    expect(allowed.versions.map(({ name }) => name)).toEqual(['TLS1.2'])
    expect(allowed.suites.map(({ name }) => name)).toEqual([
      'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
    ])
    expect(because(text)).toContain('TLS1.3: no signature scheme is left for it')
    expect(because(text)).toHaveLength(1)
  })

  it('gives up TLS 1.2 where no suite is left for it', () => {
    const text =
      'NONE:+VERS-TLS1.3:+VERS-TLS1.2:+ECDHE-RSA:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:' +
      '+AEAD:+SIGN-ECDSA-SECP256R1-SHA256:+GROUP-SECP256R1'
    expect(convert(text, 'openssl').allowed.versions.map(({ name }) => name)).toEqual(['TLS1.3'])
    expect(because(text)).toEqual(
      expect.arrayContaining(['TLS1.2: no cipher suite is left for it']),
    )
  })

  it('keeps no suite on curves without a curve', () => {
    const text = `${BASE}:+ECDHE-RSA:+RSA:+GROUP-FFDHE2048`
    expect(convert(text, 'openssl').allowed.suites.map(({ name }) => name)).toEqual([
      'TLS_RSA_WITH_AES_128_GCM_SHA256',
    ])
    expect(because(text)).toContain(
      'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: no curve is left for it',
    )
  })

  it('keeps no suite whose key cannot sign', () => {
    const text = `${BASE}:+ECDHE-RSA:+ECDHE-ECDSA:+GROUP-SECP256R1`
    expect(convert(text, 'openssl').allowed.suites).toHaveLength(1)
    expect(because(text)).toContain(
      'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: no signature scheme is left for its key',
    )
  })
})

describe('to nss', () => {
  it('says nothing of groups that it has no words for', () => {
    const { text, allowed } = convert('NORMAL', 'nss')
    expect(allowed.groups.map(({ name }) => name)).toContain('ffdhe2048')
    expect(text).not.toMatch(/ffdhe/i)
    expect(text).toContain(':SECP256R1:')
  })

  it.each([
    ['3.87', false, false],
    ['3.110', true, true],
    ['3.132', false, true],
  ] as const)(
    '%s offers the hybrid group whatever is said: %s, has a word: %s',
    (nss, isFixed, has) => {
      const versions = (text: string) =>
        convertPriority(evaluate(text), 'nss', { nss }).allowed.versions.map(({ name }) => name)
      expect(versions('NORMAL').includes('TLS1.3')).toBe(!isFixed)
      const hybrid = convertPriority(evaluate('NORMAL:+GROUP-X25519-MLKEM768'), 'nss', { nss })
      expect(hybrid.text.includes('mlkem768x25519')).toBe(has)
    },
  )
})

describe('what is told of a conversion', () => {
  const codes = (text: string, target: ConversionTarget) =>
    diagnoseConversion(convert(text, target)).map(({ code, severity }) => `${severity} ${code}`)

  it('is what is left out, looser and undecided', () => {
    expect(codes('SUITEB128', 'openssl')).toEqual([])
    expect([...new Set(codes('SECURE192', 'go'))]).toEqual([
      ...['warning CONVERT_OMITTED', 'warning CONVERT_SURPLUS'],
      ...['warning CONVERT_UNENFORCED', 'warning CONVERT_UNCONTROLLED'],
    ])
  })
})

describe("versions that stand in each other's way", () => {
  it('make room for one another, the oldest first', () => {
    // A scheme of TLS 1.2 alone: TLS 1.3 would use it too.
    const text =
      'NONE:+VERS-TLS1.3:+VERS-TLS1.2:+ECDHE-ECDSA:+AES-128-GCM:+AEAD:' +
      '+SIGN-ECDSA-SHA256:+GROUP-SECP256R1'
    const { allowed, omissions } = convert(text, 'openssl')
    expect(allowed.versions.map(({ name }) => name)).toEqual(['TLS1.2'])
    expect(allowed.signatureSchemes.map(({ name }) => name)).toEqual(['ecdsa_secp256r1_sha256'])
    expect(omissions).toContainEqual({
      kind: 'version',
      name: 'TLS1.3',
      because: 'with it nothing else could be had',
    })
  })

  it('are those of streams: nothing is told of what DTLS alone could have', () => {
    const text =
      'NONE:+VERS-TLS1.3:+VERS-DTLS1.2:+RSA:+CAMELLIA-128-GCM:+AES-128-GCM:+AEAD:' +
      '+SIGN-RSA-PSS-RSAE-SHA256:+GROUP-SECP256R1'
    expect(convert(text, 'openssl').omissions).toEqual([])
  })
})

describe('servers without a setting for schemes', () => {
  const REST = ':+ECDHE-RSA:+AES-128-GCM:+AES-128-CBC:+AEAD:+SHA1:+GROUP-SECP256R1:+SIGN-RSA-SHA256'
  const surplus = (versions: string) =>
    convert(`NONE:${versions}${REST}:+SIGN-RSA-PSS-RSAE-SHA256`, 'haproxy').surplus

  it('offer those of OpenSSL with TLS 1.2, those of TLS 1.3 with that alone', () => {
    for (const versions of ['+VERS-TLS1.2', '+VERS-TLS1.3:+VERS-TLS1.2']) {
      expect(surplus(versions)).toEqual(
        expect.arrayContaining(['dsa_sha256', 'rsa_pkcs1_sha224', 'ed25519']),
      )
    }
    expect(surplus('+VERS-TLS1.3')).toContain('ed25519')
    expect(surplus('+VERS-TLS1.3')).toContain('ecdsa_secp384r1_sha384')
    expect(surplus('+VERS-TLS1.3').filter((name) => /^dsa|sha1$|sha224$/.test(name))).toEqual([])
    expect(surplus('+VERS-TLS1.1')).toEqual([])
  })
})

it('keys for DSA are asked for where a peer may sign with them', () => {
  const text =
    'NONE:+VERS-TLS1.2:+DHE-DSS:+ECDHE-RSA:+AES-128-GCM:+AES-128-CBC:+AEAD:+SHA1:+GROUP-ALL:' +
    '+SIGN-DSA-SHA1:+SIGN-RSA-SHA256:%PROFILE_MEDIUM'
  expect(convert(text, 'java').unenforced).toContain('DSA keys of at least 2048 bits')
  expect(convert(text.replace(':+SIGN-DSA-SHA1', ''), 'java').unenforced.join()).not.toContain(
    'DSA',
  )
})

it('a level that wants forward secrecy lets TLS 1.3 and exchanges on curves through', () => {
  const { allowed } = convert('SECURE192', 'openssl')
  expect(allowed.versions.map(({ name }) => name)).toContain('TLS1.3')
  const exchanges = new Set(allowed.suites.map(({ keyExchange = 'TLS 1.3' }) => keyExchange))
  expect([...exchanges]).toEqual(['TLS 1.3', 'ECDHE-ECDSA', 'ECDHE-RSA', 'DHE-RSA'])
})

describe('where no version signs', () => {
  const OLD = 'NONE:+VERS-TLS1.1:+ECDHE-RSA:+AES-128-CBC:+SHA1:+GROUP-SECP256R1:+SIGN-ALL'

  it.each([
    ['openssl', 'SignatureAlgorithms'],
    ['node', 'sigalgs'],
    ['nginx', 'SignatureAlgorithms'],
    ['apache', 'SignatureAlgorithms'],
    ['haproxy', 'sigalgs'],
  ] as const)('the text for %s has no %s, which may not be empty', (target, word) => {
    expect(convert(OLD, target).text).not.toContain(word)
    expect(convert('NORMAL', target).text).toContain(word)
  })

  it.each(['nginx', 'apache', 'haproxy'] as const)('nor has %s suites of TLS 1.3', (target) => {
    expect(convert(OLD, target).text).not.toMatch(/suites|SSLCipherSuite TLSv1\.3/)
  })
})

it('Postfix keeps hybrid groups beside others', () => {
  const text = 'NORMAL:+GROUP-X25519-MLKEM768'
  const { allowed } = convertPriority(evaluate(text), 'postfix', { openssl: '3.5' })
  expect(allowed.groups.map(({ name }) => name)).toContain('X25519MLKEM768')
})

it('Go 1.27 offers no scheme of lattices with TLS 1.2 alone', () => {
  const text =
    'NONE:+VERS-TLS1.2:+ECDHE-RSA:+AES-128-GCM:+AEAD:+GROUP-SECP256R1:+SIGN-RSA-PSS-RSAE-SHA256'
  expect(convertPriority(evaluate(text), 'go', { go: '1.27' }).surplus).toEqual([
    ...['rsa_pss_rsae_sha384', 'rsa_pss_rsae_sha512', 'ed25519', 'ecdsa_secp256r1_sha256'],
    ...['ecdsa_secp384r1_sha384', 'ecdsa_secp521r1_sha512'],
    ...['rsa_pkcs1_sha256', 'rsa_pkcs1_sha384', 'rsa_pkcs1_sha512'],
  ])
})

it('Apache is told neither anonymous suites nor those in clear', () => {
  const text =
    'NONE:+VERS-TLS1.2:+ANON-ECDH:+ECDHE-RSA:+NULL:+AES-128-CBC:+SHA1:+GROUP-SECP256R1:+SIGN-RSA-SHA256'
  expect(convert(text, 'apache').allowed.suites.map(({ name }) => name)).toEqual([
    'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA',
  ])
  expect(convert(text, 'nginx').allowed.suites).toHaveLength(4)
})

it.each([
  ['17', true],
  ['21', false],
] as const)('Java %s has schemes with SHA-1: %s, and none of lattices', (jdk, has) => {
  const text = 'NORMAL:+SIGN-RSA-SHA1:+SIGN-GOSTR341012-256'
  const { allowed } = convertPriority(evaluate(text), 'java', { jdk })
  const names = allowed.signatureSchemes.map(({ name }) => name)
  expect(names.includes('rsa_pkcs1_sha1')).toBe(has)
  expect(names.filter((name) => /^(mldsa|gost)/.test(name))).toEqual([])
})

import { describe, expect, it } from 'vitest'
import { OPENSSL_SUITES } from '../../../src/algorithms/openssl-suites.ts'
import { DiagnosticError, hasErrors } from '../../../src/diagnostics/diagnostic.ts'
import { expandCipherList } from '../../../src/priority/cipher-list/cipher-list.ts'
import { CIPHER_LIST_WORDS } from '../../../src/priority/cipher-list/cipher-list-words.ts'
import { exactnessOf } from '../../../src/priority/convert/convert-diagnostics.ts'
import { convertFromOpenssl, type FromOpenssl } from '../../../src/priority/convert/from-openssl.ts'
import {
  offeredGroups,
  offeredSchemes,
  readOpensslSettings,
} from '../../../src/priority/convert/openssl-settings.ts'
import { allowedTls, type Evaluation } from '../../../src/priority/evaluate.ts'
import { requirePriority } from '../../../src/priority/failure/failure-diagnostics.ts'
import { fc } from '../../seed.ts'

const SUITES13 = [0x1301, 0x1302, 0x1303]

function source(text: string) {
  return { name: 'list', text }
}

function convert(text: string): FromOpenssl {
  return convertFromOpenssl(source(text))
}

function evaluate(text: string): Evaluation {
  return requirePriority({ name: 'test', text })
}

function codeOf(text: string): string | undefined {
  try {
    convert(text)
    return undefined
  } catch (error) {
    if (error instanceof DiagnosticError)
      return error.diagnostics.find(({ severity }) => severity === 'error')?.code
    throw error
  }
}

describe('the priority string', () => {
  it('allows just the same where it can', () => {
    const { text, omissions } = convert('ECDHE+AESGCM')
    expect(text).toMatch(
      /^NONE:\+VERS-TLS1\.3:\+VERS-TLS1\.2:\+ECDHE-ECDSA:\+ECDHE-RSA:\+AES-256-GCM:\+AES-128-GCM:\+AEAD:/,
    )
    expect(omissions.map(({ name }) => name)).toEqual(['TLS_CHACHA20_POLY1305_SHA256'])
  })

  it('leaves out what would bring others with it', () => {
    const { text, omissions } = convert('ECDHE-RSA-AES128-GCM-SHA256:AES256-SHA')
    expect(text).toContain('+ECDHE-RSA')
    expect(omissions.map(({ name }) => name)).toContain('TLS_RSA_WITH_AES_256_CBC_SHA')
  })

  it('never allows a suite that the list does not select', () => {
    const words = [...CIPHER_LIST_WORDS, ...OPENSSL_SUITES.map(({ name }) => name)]
    const element = fc
      .tuple(fc.constantFrom('', '', '!', '-', '+'), fc.constantFrom(...words))
      .map((parts) => parts.join(''))
    const lists = fc.array(element, { minLength: 1, maxLength: 5 }).map((all) => all.join(':'))
    const property = fc.property(lists, fc.constantFrom('', '', ':@SECLEVEL=0'), (list, level) => {
      const { suites, diagnostics } = expandCipherList(source(list + level), '3.0')
      if (hasErrors(diagnostics) || codeOf(list + level) !== undefined) return
      const selected = new Set([...suites.map(({ number }) => number), ...SUITES13])
      const conversion = convert(list + level)
      const { suites: allowed } = allowedTls(evaluate(conversion.text))
      expect(allowed.filter(({ number }) => !selected.has(number))).toEqual([])
      const isExact = allowed.length === suites.length + SUITES13.length
      if (exactnessOf(conversion) === 'exact') expect(isExact).toBe(true)
    })
    fc.assert(property, { seed: 4, numRuns: 60 })
  })

  it.each([
    ['HIGH', 'MEDIUM', ['x25519', 'secp256r1', 'ffdhe2048'], ['secp192r1', 'GC256A']],
    ['HIGH:@SECLEVEL=3', 'HIGH', ['x25519', 'ffdhe3072'], ['ffdhe2048']],
    ['HIGH:@SECLEVEL=5', 'FUTURE', ['secp521r1'], ['x25519', 'secp384r1', 'ffdhe8192']],
    ['SUITEB128', 'SUITEB128', ['secp256r1', 'secp384r1'], ['x25519', 'secp521r1']],
    ['SUITEB192', 'SUITEB128', ['secp384r1'], ['secp256r1']],
  ])('of %s has the profile %s, groups %j and not %j', (list, profile, has, lacks) => {
    const evaluation = evaluate(convert(list).text)
    const groups = allowedTls(evaluation).groups.map(({ name }) => name)
    expect(evaluation.profile).toBe(profile)
    expect(groups).toEqual(expect.arrayContaining(has))
    expect(groups.filter((name) => lacks.includes(name))).toEqual([])
  })

  it('has shared keys only where the list names them', () => {
    expect(convert('HIGH').text).not.toContain('PSK')
    expect(convert('HIGH').omissions.map(({ name }) => name)).toContain('PSK-AES256-GCM-SHA384')
    expect(convert('HIGH:!kRSAPSK:-ECDHE+PSK').text).not.toContain('PSK')
    expect(convert('PSK').text).toContain('+PSK:')
    expect(convert('PSK+HIGH').text).toContain('+PSK:')
  })

  it('names no version for which no suite is left', () => {
    expect(convert('AES128-SHA').text).not.toContain('VERS-TLS1.3')
    expect(convert('ARIA').text).not.toContain('VERS-TLS1.2')
  })

  it.each([
    ['', 'CIPHER_LIST_NO_CIPHER'],
    ['high:!anull', 'CIPHER_LIST_UNKNOWN_WORD'],
    ['PROFILE=SYSTEM', 'CIPHER_LIST_UNKNOWN_WORD'],
    ['HIGH:!NONSENSE', 'CIPHER_LIST_UNKNOWN_WORD'],
    ['3DES:RC4', 'CIPHER_LIST_NO_CIPHER'],
    ['eNULL:@SECLEVEL=0', 'CIPHER_LIST_NOTHING_LEFT'],
  ])('of %j there is none: %s', (list, code) => {
    expect(codeOf(list)).toBe(code)
  })
})

describe('the settings of a policy', () => {
  const settings = readOpensslSettings(
    [
      'CipherString = kRSA',
      'Ciphersuites = TLS_AES_256_GCM_SHA384',
      'TLS.MinProtocol = TLSv1.2',
      'TLS.MaxProtocol = TLSv1.3',
      'SignatureAlgorithms = ?mldsa44:ECDSA+SHA256:RSA+SHA256:rsa_pss_rsae_sha256:RSA+SHA224',
      'Groups = *?X25519MLKEM768/*X25519:secp384r1:P-521',
      '[req]',
      'Groups = secp256r1',
    ].join('\n'),
  )

  it('limit the string', () => {
    const { text } = convertFromOpenssl(source('HIGH'), { settings })
    const { suites, groups, signatureSchemes } = allowedTls(evaluate(text))
    expect(suites.filter(({ keyExchange }) => !keyExchange).map(({ name }) => name)).toEqual([
      'TLS_AES_256_GCM_SHA384',
    ])
    expect(groups.map(({ name }) => name)).toEqual([
      ...['X25519MLKEM768', 'x25519', 'secp384r1', 'secp521r1'],
    ])
    expect(signatureSchemes.map(({ name }) => name).toSorted()).toEqual([
      ...['ecdsa_secp256r1_sha256', 'mldsa44', 'rsa_pkcs1_sha256', 'rsa_pss_rsae_sha256'],
    ])
  })

  it('rule versions out', () => {
    const only13 = convertFromOpenssl(source('HIGH'), { settings: { minProtocol: 'TLSv1.3' } })
    const only12 = convertFromOpenssl(source('HIGH'), { settings: { maxProtocol: 'TLSv1.2' } })
    expect(only13.text).not.toContain('VERS-TLS1.2')
    expect(only12.text).not.toContain('VERS-TLS1.3')
  })
})

describe('what a program of OpenSSL offers', () => {
  const groups = (...[settings, level, suiteB, release]: Parameters<typeof offeredGroups>) =>
    offeredGroups(settings, level, suiteB, release).map(({ name }) => name)
  const schemes = (...[settings, level, suiteB, release]: Parameters<typeof offeredSchemes>) =>
    offeredSchemes(settings, level, suiteB, release).map(({ name }) => name)

  it('of groups by itself is what its release has, in its order', () => {
    const old = [
      ...['x25519', 'secp256r1', 'x448', 'secp521r1', 'secp384r1'],
      ...['ffdhe2048', 'ffdhe3072', 'ffdhe4096', 'ffdhe6144', 'ffdhe8192'],
    ]
    expect(groups({}, 0, undefined, '3.0')).toEqual(old)
    expect(groups({}, 2, undefined, '3.2')).toEqual(old)
    expect(groups({}, 2, undefined, '3.5')).toEqual([
      ...['X25519MLKEM768', 'x25519', 'secp256r1', 'x448', 'secp384r1', 'secp521r1'],
      ...['ffdhe2048', 'ffdhe3072'],
    ])
  })

  it.each([
    [3, ['x25519', 'secp256r1', 'x448', 'secp521r1', 'secp384r1', 'ffdhe3072']],
    [4, ['x448', 'secp521r1', 'secp384r1']],
    [5, ['secp521r1']],
  ])('of groups at level %i begins with %j', (level, expected) => {
    expect(groups({}, level, undefined, '3.0').slice(0, expected.length)).toEqual(expected)
  })

  it.each([
    [
      ['P-256', 'prime256v1'],
      ['secp256r1', 'secp256r1'],
    ],
    [
      ['p-384', 'P-521', 'X25519', 'X448'],
      ['secp384r1', 'secp521r1', 'x25519', 'x448'],
    ],
    [
      ['P-192', 'prime192v1', 'P-224'],
      ['secp192r1', 'secp192r1', 'secp224r1'],
    ],
    [['nonsense', 'ffdhe2048'], ['ffdhe2048']],
    [['SecP256r1MLKEM768'], ['SecP256r1MLKEM768']],
    [[], []],
  ])('of groups named %j are %j', (named, expected) => {
    expect(groups({ groups: named }, 0, undefined, '3.5')).toEqual(expected)
  })

  it.each([
    [
      ['ECDSA+SHA256', 'ECDSA+SHA384'],
      ['ecdsa_secp256r1_sha256', 'ecdsa_secp384r1_sha384'],
    ],
    [
      ['ecdsa+sha512', 'ECDSA+SHA1'],
      ['ecdsa_secp521r1_sha512', 'ecdsa_sha1'],
    ],
    [
      ['RSA+SHA256', 'DSA+SHA1'],
      ['rsa_pkcs1_sha256', 'dsa_sha1'],
    ],
    [
      ['RSA-PSS+SHA256', 'PSS+SHA384'],
      ['rsa_pss_rsae_sha256', 'rsa_pss_rsae_sha384'],
    ],
    [
      ['ED25519', 'rsa_pss_pss_sha512'],
      ['ed25519', 'rsa_pss_pss_sha512'],
    ],
    [['RSA+SHA224', 'nonsense', 'X+SHA256'], []],
    [[], []],
  ])('of schemes named %j are %j', (signatureAlgorithms, expected) => {
    expect(schemes({ signatureAlgorithms }, 0, undefined, '3.5')).toEqual(expected)
  })

  it('of schemes by itself is what its release and its level have', () => {
    expect(schemes({}, 0, undefined, '3.0')).toEqual(
      expect.arrayContaining(['ecdsa_sha1', 'rsa_pkcs1_sha1', 'dsa_sha1', 'ed448']),
    )
    expect(schemes({}, 0, undefined, '3.0')).toHaveLength(17)
    expect(schemes({}, 1, undefined, '3.0')).toHaveLength(14)
    expect(schemes({}, 1, undefined, '3.5').slice(0, 3)).toEqual(['mldsa65', 'mldsa87', 'mldsa44'])
    expect(schemes({}, 5, undefined, '3.5')).toEqual([
      ...['mldsa87', 'ecdsa_secp521r1_sha512', 'rsa_pss_pss_sha512', 'rsa_pss_rsae_sha512'],
      'rsa_pkcs1_sha512',
    ])
  })

  /** RFC 6460: curves and hashes of one size. */
  it.each([
    ['128', ['secp256r1', 'secp384r1']],
    ['128 only', ['secp256r1']],
    ['128 C2', ['secp256r1', 'secp384r1']],
    ['192', ['secp384r1']],
  ] as const)('under Suite B %s is fixed', (suiteB, expected) => {
    const settings = { groups: ['X25519'], signatureAlgorithms: ['ed25519'] }
    expect(groups(settings, 2, suiteB, '3.5')).toEqual(expected)
    expect(schemes(settings, 2, suiteB, '3.5')).toEqual(
      expected.map((name) => `ecdsa_${name}_sha${name.slice(4, 7)}`),
    )
  })

  it.each([
    ['', {}],
    ['CipherString = @SECLEVEL=2:kRSA\n', { cipherString: '@SECLEVEL=2:kRSA' }],
    ['TLS.MinProtocol = TLSv1.2\nDTLS.MinProtocol = DTLSv1.2\n', { minProtocol: 'TLSv1.2' }],
    ['MaxProtocol=TLSv1.2', { maxProtocol: 'TLSv1.2' }],
    ['Groups = *?A/*B:-C\n', { groups: ['A', 'B', 'C'] }],
    ['Ciphersuites = \n', { ciphersuites: [] }],
    ['SignatureAlgorithms = ?a:b\n', { signatureAlgorithms: ['a', 'b'] }],
    ['Other = x\n# Groups = y\n', {}],
    ['[evp]\nGroups = a\n', {}],
    ['x\n[evp]\nGroups = a\n', {}],
  ])('is read of %j', (text, settings) => {
    expect(readOpensslSettings(text)).toStrictEqual(settings)
  })
})

it.each([
  ['TLSv1.2', undefined, true, true],
  ['TLSv1.3', undefined, false, true],
  [undefined, 'TLSv1.3', true, true],
  [undefined, 'TLSv1.2', true, false],
  ['TLSv1', 'TLSv1.2', true, false],
])(
  'from %s to %s the string has TLS 1.2: %s, TLS 1.3: %s',
  (minProtocol, maxProtocol, has12, has13) => {
    const settings = {
      ...(minProtocol ? { minProtocol } : {}),
      ...(maxProtocol ? { maxProtocol } : {}),
    }
    const { text } = convertFromOpenssl(source('ECDHE+AESGCM'), { settings })
    expect([text.includes('+VERS-TLS1.2'), text.includes('+VERS-TLS1.3')]).toEqual([has12, has13])
    expect(text).toContain('+AES-256-GCM')
  },
)

it('is brief where a hint is wanted: sets in place of groups and signatures', () => {
  const brief = (list: string) => convertFromOpenssl(source(list), { isBrief: true }).text
  expect(brief('ECDHE+AESGCM')).toBe(
    'NONE:+VERS-TLS1.3:+VERS-TLS1.2:+ECDHE-ECDSA:+ECDHE-RSA:+AES-256-GCM:+AES-128-GCM:+AEAD:' +
      '+GROUP-ALL:+SIGN-ALL:+CTYPE-X509:%PROFILE_MEDIUM',
  )
  // Suite B fixes both.
  expect(brief('SUITEB128')).not.toContain('-ALL')
  expect(convert('ECDHE+AESGCM').text).not.toContain('-ALL')
})

it.each(['RSAPSK', 'SRP'])('has no key exchange with %s: others need another server', (word) => {
  const list = word === 'SRP' ? 'SRP+AES:ECDHE+AESGCM' : 'kRSAPSK+AESGCM:ECDHE+AESGCM'
  const { text } = convert(list)
  expect(text).not.toMatch(/\+RSA-PSK|\+SRP/)
  expect(text).toContain('+ECDHE-RSA')
  expect(evaluate(text).protocols.map(({ name }) => name)).toContain('TLS1.3')
})

it('a list that ends before TLS 1.2 has no string: none of its suites is one of TLS 1.2 and later', () => {
  expect(() =>
    convertFromOpenssl(source('ECDHE+AESGCM'), { settings: { maxProtocol: 'TLSv1.1' } }),
  ).toThrow('GnuTLS has nothing of what the list selects')
})

it('a suite of TLS 1.3 below the level is none that is left out', () => {
  const names = (list: string) => convert(list).omissions.map(({ name }) => name)
  expect(names('HIGH:@SECLEVEL=4')).not.toContain('TLS_AES_128_GCM_SHA256')
  expect(names('AES256:@SECLEVEL=2')).toContain('TLS_AES_128_GCM_SHA256')
})

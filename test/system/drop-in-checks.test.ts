/** What is said of drop-ins, to the word; which of two settings counts is judged by programs elsewhere. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkDropIns } from '../../src/system/drop-in-checks/all-checks.ts'
import {
  findConstraintError,
  nameOfConstraint,
  splitEntries,
} from '../../src/system/drop-in-checks/java-constraints.ts'
import { isJavaName } from '../../src/system/drop-in-checks/java-names.ts'
import { readProperties } from '../../src/system/drop-in-checks/java-properties.ts'
import { joinTexts } from '../../src/system/drop-in-checks/joined-text.ts'
import { checkPriorityDropIns } from '../../src/system/priority-drop-ins.ts'
import { ROOT } from '../cli/command.ts'

function said(count: number): readonly string[] {
  const entries = Array.from({ length: count }, (_, index) => `TLS_${index}_x`)
  const text = `jdk.tls.disabledAlgorithms=MD5, ${entries.join(', ')}\n`
  const policy = { name: 'back-ends/java.config', text }
  const dropIn = { name: 'local.d/java-a.config', text: 'jdk.tls.disabledAlgorithms=MD5\n' }
  const found = checkDropIns('java', policy, [dropIn])
  return found.map(({ message }) => message.replace(/.*leaves out /, ''))
}

test('of what a list leaves out, eight are named and the others are counted', () => {
  expect(said(0)).toEqual([])
  const eight = 'TLS_0_x, TLS_1_x, TLS_2_x, TLS_3_x, TLS_4_x, TLS_5_x, TLS_6_x, TLS_7_x'
  expect(said(1)).toEqual(['TLS_0_x'])
  expect(said(8)).toEqual([eight])
  expect(said(9)).toEqual([`${eight} and 1 more`])
  expect(said(20)).toEqual([`${eight} and 12 more`])
})

/** Each finding with its code and the text that it points at. */
function findings(backend: string, policy: string, ...dropIns: readonly string[]) {
  const sources = dropIns.map((text, at) => ({ name: `${backend}-${at}.config`, text }))
  return checkDropIns(backend, { name: 'policy', text: policy }, sources).map(
    ({ code, span, message }) => {
      const text = span?.source.text.slice(span.start, span.end)
      return { code: code.replace('DROPIN_', ''), at: `${span?.source.name}: ${text}`, message }
    },
  )
}

function places(backend: string, policy: string, ...dropIns: readonly string[]) {
  return findings(backend, policy, ...dropIns).map(({ code, at }) => `${code} ${at}`)
}

/** What OpenJDK 17 makes of them: see test/interop/java-drop-ins.test.ts. */
describe('an entry of a list of disabled algorithms is', () => {
  test.each([
    ...['RC4', 'RSA keySize < 2048', 'RSA keySize <= 1', 'RSA keySize > 1', 'RSA keySize == 1'],
    ...['RSA keySize >= 1', 'RSA keySize != 1', 'RSA keySize < +1', 'RSA keySize < 2147483647'],
    ...['RSA keySize < -2147483648', 'RSA  keySize < 1', 'RSA usage', 'RSA &', 'RSA jdkCA &&'],
    ...['RSA JDKCA', 'RSA denyAfter 2019-01-01', 'RSA denyAfter 2019-01-01 & jdkCA', 'TLS_R*'],
    ...['RSA denyAfter 2020-02-29', 'TLS_R* keySize < 1', 'X9.62 c2pnb163v1', 'RSA &&'],
    ...['RSA keySize < 1 & keySize < 2', 'RSA usage keySize x'],
  ])('read: %s', (entry) => {
    expect(findConstraintError(entry)).toBe(undefined)
  })

  test.each([
    ...['RSA keySize < 2147483648', 'RSA keySize < -2147483649', 'RSA keySize = 1', 'RSA foo'],
    ...['RSA keySize <=1', 'RSA keySize =< 1', 'RSA keySize <', 'RSA keySize', 'RSA keySize < x'],
    ...['RSA keySize < 1.5', 'RSA denyafter 2019-01-01', 'RSA denyAfter 2019-1-01', 'R*A'],
    ...['RSA denyAfter 2019-13-01', 'RSA denyAfter 2019-01-01 x', 'RSA jdkCA denyAfter 2019-01-01'],
    ...['RSA && jdkCA', 'RSA Usage TLSServer', 'X9.62 foo', 'RSA jdkCA & jdkca', 'RSA 1'],
    ...['RSA denyAfter 2019-01-01 & denyAfter 2020-01-01', 'RSA & jdkCA', 'RSA keySizes < 1'],
  ])('what makes Java fail: %s', (entry) => {
    expect(findConstraintError(entry)).toMatch(/./)
  })

  test('about the name before its blank, but for curves of X9.62', () => {
    expect(
      ['RSA keySize < 1', 'RC4', 'X9.62 c2pnb163v1', 'X9.62 foo'].map(nameOfConstraint),
    ).toEqual(['RSA', 'RC4', 'X9.62 c2pnb163v1', 'X9.62'])
  })

  test('between commas; marks of quotation around all of them are none of it', () => {
    expect(splitEntries(' a, b c ,,d,')).toEqual(['a', 'b c', 'd'])
    expect(splitEntries('"a, b"')).toEqual(['a', 'b'])
    expect(splitEntries('"')).toEqual(['"'])
    expect(splitEntries('"a", b')).toEqual(['"a"', 'b'])
    expect(splitEntries('')).toEqual([])
  })
})

test('names of Java are those of any release; case and the older prefix of suites mean nothing', () => {
  const names = ['rc4', 'TLSv1.3', 'SSL_RSA_WITH_RC4_128_MD5', 'TLS_AES_128_GCM_SHA256']
  const older = ['SSL_DHE_RSA_WITH_DES_CBC_SHA', 'TLS_KRB5_WITH_RC4_128_SHA', 'ssl_dh_rsa_x']
  for (const name of [...names, ...older]) expect(isJavaName(name), name).toBe(true)
  const others = ['TLSv1.0', 'AES-256-GCM', 'SHA_1', 'TLS_NONE', 'SSL_X_WITH_Y', 'KRB5_x', '']
  for (const name of others) expect(isJavaName(name), name).toBe(false)
})

/** As the documentation of `Properties.load` has them. */
describe('properties of Java', () => {
  test.each<[string, readonly (readonly [string, string])[]]>([
    ['Truth = Beauty', [['Truth', 'Beauty']]],
    [' Truth:Beauty', [['Truth', 'Beauty']]],
    ['Truth\t\t\t:Beauty', [['Truth', 'Beauty']]],
    ['fruits   apple, \\\n     pear, \\\r\n  kiwi', [['fruits', 'apple, pear, kiwi']]],
    ['cheeses', [['cheeses', '']]],
    ['cheeses=', [['cheeses', '']]],
    ['a\\=b\\:c\\ d = e', [['a=b:c d', 'e']]],
    ['a = = b', [['a', '= b']]],
    ['a\\\\=b', [['a\\', 'b']]],
    [
      'a=b\\\\\nc=d',
      [
        ['a', 'b\\'],
        ['c', 'd'],
      ],
    ],
    ['a=\\t\\n\\r\\f\\x\\u0041\\u00e9', [['a', '\t\n\r\fxAé']]],
    ['# a = b \\\n! c = d\n\n \t\f\ne=f', [['e', 'f']]],
    [
      'a=1\rb=2\r\nc=3',
      [
        ['a', '1'],
        ['b', '2'],
        ['c', '3'],
      ],
    ],
    ['a=b\\\n# c', [['a', 'b# c']]],
    ['a=b\\', [['a', 'b']]],
    ['=a', [['', 'a']]],
    ['', []],
  ])('%j', (text, expected) => {
    const { settings, malformed } = readProperties(text)
    expect(settings.map(({ key, value }) => [key, value])).toEqual(expected)
    expect(malformed).toEqual([])
  })

  test.each(['a=\\u004', 'a=\\u004g', 'a=\\u', '\\uxa=b', 'a=\\\\\\u1'])(
    'malformed: %j',
    (text) => {
      const { malformed } = readProperties(`b=1\n${text}\nc=2`)
      expect(malformed.map(({ start, end }) => [start, end])).toEqual([[4, 4 + text.length]])
    },
  )

  test('stand where they begin and end, without the blanks before', () => {
    const text = '# x\n  a = b \\\n  c\nd'
    const { settings } = readProperties(text)
    expect(settings.map(({ start, end }) => text.slice(start, end))).toEqual([
      ...['a = b \\\n  c', 'd'],
    ])
  })
})

test('a place in texts that are joined is in the part where it begins', () => {
  const [policy, first, empty, last] = ['abc', 'de', '', 'f'].map((text) => ({ name: text, text }))
  if (!policy || !first || !empty || !last) throw new Error('there are four')
  const { text, policyEnd, spanOf } = joinTexts(policy, [first, empty, last])
  expect([text, policyEnd]).toEqual(['abcdef', 3])
  const at = (start: number, end: number) => {
    const span = spanOf(start, end)
    return [span.source.name, span.start, span.end]
  }
  expect(at(0, 1)).toEqual(['abc', 0, 1])
  expect(at(2, 5)).toEqual(['abc', 2, 3])
  expect(at(3, 5)).toEqual(['de', 0, 2])
  expect(at(5, 6)).toEqual(['f', 0, 1])
  expect(at(6, 7)).toEqual(['f', 1, 1])
})

describe('drop-ins of Java', () => {
  const LIST = 'jdk.tls.disabledAlgorithms'

  test('a list loses what it does not repeat, whatever case and blanks it is in', () => {
    const policy = `${LIST}=RC4, RSA  keySize < 2048\n`
    expect(places('java', policy, `${LIST}=rc4, rsa keysize < 2048, MD5\n`)).toEqual([
      `STOPS_PROGRAMS java-0.config: rsa keysize < 2048`,
    ])
    expect(places('java', policy, `${LIST}=rc4, RSA keySize < 2048, MD5\n`)).toEqual([])
    expect(places('java', policy, `${LIST}=RC4\n`)).toEqual([
      `REPLACES_POLICY java-0.config: ${LIST}=RC4`,
    ])
    expect(places('java', policy, `${LIST}=RC4\n`, `${LIST}=RC4, RSA keySize < 2048`)).toEqual([
      `WITHOUT_EFFECT java-0.config: ${LIST}=RC4`,
    ])
  })

  test('only what drop-ins say is told', () => {
    expect(places('java', `${LIST}=R*A\njdk.tls.namedGroups=x\na=\\u1\n`, 'b=c\n')).toEqual([])
  })

  test('an escape without its digits stops Java', () => {
    expect(places('java', '', 'a=b\nc=\\u12\n')).toEqual(['STOPS_PROGRAMS java-0.config: c=\\u12'])
  })

  test('properties of the system, and such as Java has not, have no effect', () => {
    const vain = (key: string) => places('java', '', `${key}=x\n`)
    for (const key of [
      ...['jdk.tls.client.protocols', 'jdk.tls.server.cipherSuites', 'jdk.tls.namedGroups'],
      ...['https.protocols', 'jdk.tls.ephemeralDHKeySize', 'jdk.tls.client.SignatureSchemes'],
      ...['jdk.tls.disabledAlgorithm', 'jdk.disabled.namedCurve', 'jdk.tls.legacyAlgorithm'],
    ]) {
      expect(vain(key), key).toEqual([`WITHOUT_EFFECT java-0.config: ${key}`])
    }
    const others = ['security.provider.1', 'jdk.tls.client.protocol', 'networkaddress.cache.ttl']
    for (const key of others) expect(vain(key), key).toEqual([])
  })

  test('entries that Java does not understand, or does not have, are told in every list', () => {
    const certificates = 'jdk.certpath.disabledAlgorithms'
    expect(places('java', '', `${certificates}=RC4, R*A, RCC4, RSA keySize < 1\n`)).toEqual([
      'STOPS_PROGRAMS java-0.config: R*A',
      'WITHOUT_EFFECT java-0.config: RCC4',
    ])
    expect(places('java', '', 'jdk.tls.legacyAlgorithms=R*A, RC4 foo\n')).toEqual([
      'WITHOUT_EFFECT java-0.config: R*A',
    ])
    expect(places('java', '', 'jdk.disabled.namedCurves=secp256k1, secp256\n')).toEqual([
      'WITHOUT_EFFECT java-0.config: secp256',
    ])
    const included = `${LIST}=include jdk.disabled.namedCurves, INCLUDE JDK.DISABLED.NAMEDCURVES\n`
    expect(places('java', '', included)).toEqual([])
  })

  test('a star is told for releases that do not know it', () => {
    const [found, ...more] = findings('java', '', `${LIST}=TLS_RSA_*\n`)
    expect(found).toMatchObject({ code: 'WITHOUT_EFFECT', at: 'java-0.config: TLS_RSA_*' })
    expect(found?.message).toContain('17.0.15')
    expect(more).toEqual([])
  })

  test('of an entry over two lines the whole setting is told, of one list twenty findings', () => {
    const setting = `${LIST}=RC4, RC\\\n  C4`
    expect(places('java', '', `${setting}\n`)).toEqual([`WITHOUT_EFFECT java-0.config: ${setting}`])
    const many = Array.from({ length: 30 }, (_, at) => `X*${at}`).join(', ')
    expect(places('java', '', `${LIST}=${many}\n`)).toHaveLength(20)
  })
})

describe('of two settings for one thing', () => {
  test.each<[string, string, string, readonly string[]]>([
    ['openssh', 'Ciphers a\n', 'ciphers b\n', ['WITHOUT_EFFECT ciphers b']],
    ['openssh', 'Ciphers a\n', 'Match all\n \tCIPHERS = b \n', ['WITHOUT_EFFECT CIPHERS = b']],
    ['openssh', 'Ciphers a\n', 'MACs b\n', []],
    ['libssh', 'Ciphers a\n', 'Ciphers=b\n', ['WITHOUT_EFFECT Ciphers=b']],
    [
      ...(['opensshserver', 'PubkeyAcceptedAlgorithms a\nRequiredRSASize 1\n'] as const),
      'PubkeyAcceptedKeyTypes b\nRSAMinSize 2\n',
      ['WITHOUT_EFFECT PubkeyAcceptedKeyTypes b', 'WITHOUT_EFFECT RSAMinSize 2'],
    ],
    ['opensshserver', 'Ciphers a\n', 'Match all\nCiphers b\n', []],
    ['opensshserver', 'Ciphers a\n', 'Ciphers b\nMatch all\n', ['WITHOUT_EFFECT Ciphers b']],
    ['krb5', '[libdefaults]\nx = a\n', 'X = b\n', ['WITHOUT_EFFECT X = b']],
    ['krb5', '[libdefaults]\nx = a\n', '[realms]\nx = b\n', []],
    ['krb5', '[libdefaults]\nx = a\n', '# x = b\n; x = b\n', []],
    ['libreswan', 'conn %default\n\tike=a\n', '\tike=b\n', ['REPLACES_POLICY ike=b']],
    ['libreswan', 'conn %default\n\tike=a\n', 'conn  %default\n ike=a\n', []],
    ['libreswan', 'conn %default\n\tike=a\n', 'ike=b\nconfig setup\n ike=b\n', []],
    [
      'openssl_fips',
      '[a]\nx = 1\n',
      'x = 1\n[a]\nX = 2\n',
      ['WITHOUT_EFFECT x = 1', 'REPLACES_POLICY X = 2'],
    ],
    [
      'opensslcnf',
      'Groups = a\n[x]\n',
      '[ crypto_policy ]\nGroups = b\n',
      ['REPLACES_POLICY Groups = b'],
    ],
    ['opensslcnf', 'Groups = a\n[x]\n', 'Groups = b\n', []],
    [
      ...(['opensslcnf', 'Groups = a\n[evp_properties]\n'] as const),
      'Groups = b\nrh-allow-sha1-signatures = no\nMinProtocol = TLSv1\nDTLS.MaxProtocol = x\n',
      [
        ...['WITHOUT_EFFECT Groups', 'WITHOUT_EFFECT MinProtocol'],
        'WITHOUT_EFFECT DTLS.MaxProtocol',
      ],
    ],
    ['bind', 'x y;\n', 'x z;\n', []],
    ['gnutls', 'X=a\n', 'X=b\n', []],
  ])('%s: %j and %j', (backend, policy, dropIn, expected) => {
    const told = findings(backend, policy, dropIn).map(({ code, at }) =>
      `${code} ${at.replace(`${backend}-0.config: `, '')}`.replace(/ = \S+$/, (value) =>
        backend === 'opensslcnf' && code === 'WITHOUT_EFFECT' ? '' : value,
      ),
    )
    expect(told).toEqual(expected)
  })

  test('of NSS a further specification that allows something is told, and none of the policy', () => {
    const config = (value: string) => `library=\n config = "${value}"\n`
    const allow = config('disallow=ALL allow=SHA1')
    expect(places('nss', allow, config('disallow=SHA1'))).toEqual([])
    expect(places('nss', '', `${config('disallow=SHA1')}${config('enable=RC4')}`)).toEqual([
      'REPLACES_POLICY nss-0.config:  config = "enable=RC4"',
    ])
    expect(places('nss', '', allow.toUpperCase())).toHaveLength(1)
    expect(places('nss', '', config('tls-version-min=tls1.0'))).toEqual([])
  })
})

/** What GnuTLS makes of such lines is judged in test/interop/drop-in-precedence.test.ts. */
describe('lines of drop-ins of GnuTLS for all programs', () => {
  const POLICY = {
    name: 'back-ends/gnutls.config',
    text: readFileSync(join(ROOT, 'test', 'golden', 'DEFAULT-gnutls.txt'), 'utf8'),
  }
  const [STOPS, MORE] = ['error DROPIN_STOPS_PROGRAMS', 'warning DROPIN_ALLOWS_MORE']

  function told(...texts: readonly string[]) {
    const dropIns = texts.map((text, at) => ({ name: `gnutls-${at}.config`, text }))
    return checkPriorityDropIns(POLICY, dropIns).map(({ code, severity, message, span }) => ({
      code: `${severity} ${code}`,
      place: span && `${span.source.name}: ${span.source.text.slice(span.start, span.end)}`,
      message,
    }))
  }

  /** But for what is told of sections that GnuTLS does not know, or does not read in this mode. */
  function codesOf(...texts: readonly string[]): readonly string[] {
    const codes = told(...texts).map(({ code }) => code)
    return codes.filter((code) => !code.startsWith('warning GNUTLS_CONFIG_'))
  }

  test.each<[string, readonly string[]]>([
    ['[global]\noverride-mode = blocklist\n', [STOPS]],
    ['[overrides]\nenabled-version = tls1.0\n', [MORE]],
    ['[overrides]\ntls-enabled-cipher = CAMELLIA-128-CBC\n', [MORE]],
    ['[overrides]\ntls-enabled-cipher = AES-128-GCM\n', []],
    ['[overrides]\nenabled-version = tls1.2\n', []],
    ['[overrides]\nsecure-hash = SHA1\nsecure-sig-for-cert = rsa-sha1\n', [MORE]],
    ['[overrides]\nmin-verification-profile = low\n', [MORE]],
    ['[overrides]\nmin-verification-profile = medium\n', []],
    ['[overrides]\nmin-verification-profile = high\n', []],
    ['[other]\nenabled-version = tls1.0\n', []],
    ['# [overrides]\n', []],
  ])('%j', (text, codes) => {
    expect(codesOf(text)).toEqual(codes)
  })

  test('say what they allow more', () => {
    const extra = (text: string) => told(`[overrides]\n${text}\n`)[0]?.message
    expect(extra('enabled-version = tls1.0')).toMatch(
      /^`enabled-version` allows what the policy forbids: the protocols TLS1\.0$/,
    )
    expect(extra('min-verification-profile = low')).toMatch(/: RSA keys of 1024 bits$/)
    expect(extra('secure-hash = SHA1\nsecure-sig-for-cert = rsa-sha1')).toMatch(
      /: certificates signed with .*RSA-SHA1/,
    )
  })

  test('are judged each after those above it, and where one stops GnuTLS no more are', () => {
    const twice = '[overrides]\nenabled-version = tls1.0\nenabled-version = tls1.0\n'
    expect(told(twice)).toHaveLength(1)
    const second = '[overrides]\nenabled-version = tls1.0\n'
    expect(told(second, second).map(({ place }) => place)).toEqual([
      expect.stringContaining('gnutls-0.config'),
    ])
    const stopping = '[global]\noverride-mode = blocklist\n[overrides]\nenabled-version = tls1.0\n'
    expect(codesOf(stopping)).toEqual([STOPS])
  })

  test('go on in the section in which the one above ended', () => {
    const names = ['[overrides]\n# x\nsecure-hash = SHA1\n', 'enabled-version = tls1.0\n']
    expect(told(...names).at(-1)).toMatchObject({
      code: MORE,
      place: expect.stringContaining('gnutls-1.config'),
    })
    // The policy ends with its priorities.
    expect(codesOf('enabled-version = tls1.0\n')).not.toContain(MORE)
  })

  test('are judged one by one up to the hundredth, and those below it together', () => {
    const neutral = 'min-verification-profile = medium\n'.repeat(100)
    const more = 'enabled-version = tls1.0\n'
    const messages = told(`[overrides]\n${neutral}${more}${more}`).map(({ message }) => message)
    expect(messages).toEqual([
      expect.stringMatching(/^`enabled-version` and what stands below it allow what/),
    ])
  })
})

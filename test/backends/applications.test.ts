/** Texts for one program, in process: what they say of a policy, and what is told where they cannot. */
import { describe, expect, test } from 'vitest'
import {
  APPLICATION_BACKEND_NAMES,
  findApplicationBackends,
  purposesOf,
} from '../../src/backends/applications/all-application-backends.ts'
import {
  type ApplicationText,
  writeApplication,
} from '../../src/backends/applications/application-backend.ts'
import {
  layerApplication,
  parseApplication,
} from '../../src/policy/application/application-policy.ts'
import type { Policy } from '../../src/policy/policy.ts'
import type { GnutlsRelease } from '../../src/priority/releases.ts'
import { policyOf } from './generate-text.ts'

const SYSTEM = [
  ...['protocol@TLS = TLS1.3 TLS1.2', 'cipher = AES-256-GCM AES-128-GCM', 'mac = AEAD'],
  ...[
    'hash = SHA2-256 SHA2-384',
    'key_exchange = ECDHE',
    'group = SECP256R1 FFDHE-2048 FFDHE-3072',
  ],
  ...['sign = ECDSA-SHA2-256 RSA-SHA2-256', 'min_rsa_size = 2048', 'min_dh_size = 2048'],
]

function write(
  backend: string,
  text: string,
  system: Policy = policyOf(...SYSTEM),
  gnutls: GnutlsRelease = 'newest',
): ApplicationText {
  const { application } = parseApplication('web', { name: 'web.pmod', text }, [])
  const [found] = findApplicationBackends([backend])
  if (!found) throw new Error(`no back-end ${backend}`)
  return writeApplication(layerApplication(system, application), found, { gnutls })
}

describe('the priority string of an application', () => {
  const WORDS = {
    versions: '+VERS-TLS1.3:+VERS-TLS1.2:+AEAD',
    groups: '+GROUP-SECP256R1:+GROUP-FFDHE2048:+GROUP-FFDHE3072',
    signatures: '+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-RSA-SHA256',
    ciphers: '+AES-256-GCM:+AES-128-GCM',
    exchanges: '+ECDHE-RSA:+ECDHE-ECDSA',
    options: '%PROFILE_MEDIUM',
  }

  test.each<[string, Partial<typeof WORDS>]>([
    ['', {}],
    ['protocol@TLS = SSL3.0+', {}],
    ['protocol@TLS = TLS1.2', { versions: '+VERS-TLS1.2:+AEAD' }],
    ['hash = -SHA2-384', { ciphers: '+AES-128-GCM' }],
    ['hash = -SHA2-256', { ciphers: '+AES-256-GCM' }],
    ['mac = +HMAC-SHA2-256', {}],
    ['mac = HMAC-SHA1+', { versions: '+VERS-TLS1.3:+VERS-TLS1.2:+AEAD:+SHA1' }],
    [
      'min_dh_size = 2049',
      { groups: '+GROUP-SECP256R1:+GROUP-FFDHE3072', options: '%PROFILE_HIGH' },
    ],
    [
      'min_dh_size = 3072',
      { groups: '+GROUP-SECP256R1:+GROUP-FFDHE3072', options: '%PROFILE_HIGH' },
    ],
    ['min_rsa_size = 2049', { options: '%PROFILE_HIGH' }],
    ['min_rsa_size = 3072', { options: '%PROFILE_HIGH' }],
    ['min_rsa_size = 3073', { options: '%PROFILE_ULTRA' }],
    ['min_rsa_size = 1024', {}],
    ['sha1_in_certs = 1', { options: '%VERIFY_ALLOW_SIGN_WITH_SHA1:%PROFILE_MEDIUM' }],
    ['__ems = ENFORCE', { options: '%FORCE_SESSION_HASH:%PROFILE_MEDIUM' }],
    ['__ems = RELAX', {}],
    [
      'group = MLKEM768-X25519 +SECP256R1'.replace(' +', ' '),
      { groups: '+GROUP-X25519-MLKEM768:+GROUP-SECP256R1' },
    ],
  ])('names with %j what is enabled', (text, words) => {
    expect(write('gnutls', text).text).toBe(
      ['NONE', ...Object.values({ ...WORDS, ...words })].join(':'),
    )
  })

  test('leaves out what a release does not know, and tells demands', () => {
    const lines = 'group = MLKEM768-X25519 SECP256R1\n__ems = ENFORCE\n'
    const old = write('gnutls', lines, policyOf(...SYSTEM), '3.7.9')
    expect(old.text).not.toMatch(/MLKEM|SESSION_HASH/)
    expect(old.remarks).toEqual(['this release of it does not know %FORCE_SESSION_HASH'])
    expect(write('gnutls', lines, policyOf(...SYSTEM), '3.8.9').remarks).toEqual([])
  })

  const CURVE = 'its servers use SECP256R1 with clients that name no group before TLS 1.3'
  const profile = (name: string, bits: number, refused: string) =>
    `no profile fits better than ${name}, which asks for ${bits} bits and refuses ${refused}`

  test.each<[string, readonly string[]]>([
    ['', []],
    ['group = SECP384R1', [CURVE]],
    ['group = SECP384R1\nprotocol@TLS = TLS1.3', []],
    ['group = SECP384R1\nprotocol@TLS = TLS1.3 DTLS1.2', [CURVE]],
    ['group = SECP384R1\nprotocol@TLS = TLS1.3 TLS1.0', [CURVE]],
    ['group = SECP384R1\nkey_exchange = RSA', []],
    [
      'min_rsa_size = 2049',
      [profile('HIGH', 3072, 'RSA keys of 2049 and Diffie-Hellman groups of 2048')],
    ],
    ['min_dh_size = 3072', [profile('HIGH', 3072, 'RSA keys of 2048')]],
    ['min_dh_size = 2047', []],
    ['min_dh_size = 2046', [profile('MEDIUM', 2048, 'Diffie-Hellman groups of 2046')]],
    ['min_rsa_size = 2047', []],
    ['min_rsa_size = 2046', [profile('MEDIUM', 2048, 'RSA keys of 2046')]],
    ['min_rsa_size = 1023\nmin_dh_size = 1023', []],
    [
      'sign = -RSA-SHA2-256',
      ['certificates may still bear what the system policy allows: RSA-SHA256'],
    ],
    ['# %may_exceed_system_policy=true\nsign = RSA-SHA2-512+', []],
    [
      '# %may_exceed_system_policy=true\ngroup = +X25519',
      ['the system policy keeps off for every program: x25519'],
    ],
    ['group = +X25519', []],
    ['# %may_exceed_system_policy=true\ngroup = +X25519\ncipher = -*', []],
    ['# %may_exceed_system_policy=true\ncipher = +CHACHA20-POLY1305', []],
  ])('tells of %j what it cannot have or keep out: %j', (text, remarks) => {
    expect(write('gnutls', text).remarks).toEqual(remarks)
  })

  test('tells that certificates may bear SHA-1 where the system lets them', () => {
    const system = policyOf(...SYSTEM, 'sha1_in_certs = 1')
    const kept = 'certificates may still bear what the system policy allows: '
    expect(write('gnutls', 'sha1_in_certs = 0', system).remarks).toEqual([
      `${kept}RSA-SHA1, DSA-SHA1, ECDSA-SHA1`,
    ])
    expect(write('gnutls', '', system).remarks).toEqual([])
  })

  test('knows nothing of a system policy that was made by hand', () => {
    const text = `# %may_exceed_system_policy=true\n${SYSTEM.join('\n')}\ngroup = +X25519\n`
    expect(write('gnutls', text, { name: 'HAND', directives: [] }).remarks).toEqual([])
  })
})

describe('the texts for other libraries', () => {
  const NOTHING = 'the string allows nothing: '

  test.each([
    ['openssl', 'cipher = -*', [`${NOTHING}no ciphers are left`]],
    [
      'nginx',
      'protocol@TLS = TLS1.2\nsign = -*',
      [`${NOTHING}no signature algorithm is left, which TLS 1.2 and later need`],
    ],
    [
      'dovecot',
      'protocol@TLS = TLS1.2',
      [
        'nothing that the string allows can be said to dovecot',
        'TLS1.2: TLS1.3 cannot be switched off',
      ],
    ],
  ])('of %s are none for %j, and that is told', (backend, text, remarks) => {
    expect(write(backend, text)).toEqual({ text: undefined, remarks })
  })

  test('have MACs that GnuTLS is not given, and no suite of a hash that is off', () => {
    const lines = 'protocol@TLS = TLS1.2\ncipher = AES-256-CBC AES-128-CBC\ngroup = SECP256R1\n'
    const suites = (more: string) =>
      /^CipherString = (.*):@SECLEVEL=2$/m.exec(write('openssl', lines + more).text ?? '')?.[1]
    expect(suites('mac = HMAC-SHA2-256 HMAC-SHA2-384')).toContain('ECDHE-RSA-AES256-SHA384')
    expect(suites('mac = HMAC-SHA2-256 HMAC-SHA2-384')).toContain('ECDHE-RSA-AES128-SHA256')
    const narrow = suites('mac = HMAC-SHA1 HMAC-SHA2-256 HMAC-SHA2-384\nhash = -SHA2-384')
    expect(narrow).toContain('ECDHE-RSA-AES128-SHA256')
    expect(narrow).not.toContain('SHA384')
  })

  test('tell what is left out and what is looser', () => {
    const { text, remarks } = write('postgresql', '')
    expect(text).toContain("ssl_max_protocol_version = 'TLSv1.2'")
    expect(remarks).toEqual([
      expect.stringContaining('left out 2 groups'),
      expect.stringContaining('left out 1 version'),
      expect.stringContaining('the library also offers, whatever it is told'),
    ])
    expect(write('openssl', '').remarks).toEqual([])
  })

  test('of Java tell what Java keeps', () => {
    const { text, remarks } = write('java', 'protocol@TLS = TLS1.2\nmac = HMAC-SHA2-256+')
    expect(text).toMatch(/^jdk.certpath.disabledAlgorithms=/)
    expect(remarks).toContainEqual(expect.stringMatching(/^Java keeps TLS1.3, DTLS1.2: /))
  })

  test('are made once for programs that are allowed the same', () => {
    const system = policyOf(...SYSTEM)
    const first = write('openssl', 'hash = -SHA1', system)
    expect(write('openssl', 'hash = -MD5', system)).toBe(first)
    expect(write('openssl', 'hash = -SHA2-384', system)).not.toEqual(first)
    expect(write('nginx', 'hash = -SHA1', system)).not.toEqual(first)
    const setting = '# %may_exceed_system_policy=true\n'
    const exceeding = write('gnutls', `${setting}group = +X25519\n`, system)
    expect(write('gnutls', 'group = +X25519\n', system).remarks).not.toEqual(exceeding.remarks)
    const old = write('gnutls', '__ems = ENFORCE', system, '3.7.9')
    expect(write('gnutls', '__ems = ENFORCE', system).text).not.toBe(old.text)
    const sizes = write('openssl', 'min_rsa_size = 4096', system)
    expect(write('openssl', 'min_rsa_size = 3072', system).text).not.toBe(sizes.text)
  })
})

test('back-ends are found by their names, in one order', () => {
  expect(APPLICATION_BACKEND_NAMES).toEqual([
    ...['gnutls', 'openssl', 'java', 'nginx', 'apache', 'haproxy'],
    ...['postfix', 'dovecot', 'postgresql', 'node'],
  ])
  const found = findApplicationBackends(['node', 'gnutls', 'nonsense'])
  expect(found.map(({ name, file }) => [name, file])).toEqual([
    ['gnutls', undefined],
    ['node', 'node.json'],
  ])
  expect(purposesOf(['nginx', 'java', 'openssl'])).toEqual(['openssl', 'java-tls'])
  expect(purposesOf(['gnutls'])).toEqual(['gnutls'])
  expect(purposesOf([])).toEqual([])
})

test('OpenSSL has a text that keeps it from negotiating, others stop without their file', () => {
  const nothing = findApplicationBackends(APPLICATION_BACKEND_NAMES).filter((one) => one.nothing)
  expect(nothing.map(({ name }) => name)).toEqual(['openssl'])
  expect(nothing[0]?.nothing).toContain('@SECLEVEL=5')
})

import { constants } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { type TlsSettings, tlsOptionsFor } from '../../src/library/tls.ts'
import { dhParameters } from '../../src/tls/dh-parameters.ts'
import { securityLevel } from '../../src/tls/security-level.ts'
import { execFileSync } from '../peers/child-process.ts'
import { hasPeer } from '../peers/peer.ts'

function server(priority: string): TlsSettings {
  return tlsOptionsFor(priority, { role: 'server' })
}

function client(priority: string): TlsSettings {
  return tlsOptionsFor(priority, { role: 'client' })
}

function codesOf({ omissions }: TlsSettings): readonly string[] {
  return omissions.map(({ code }) => code)
}

/** TLS 1.2 with one suite of each kind of exchange. */
const SMALL =
  'NONE:+VERS-TLS1.2:+AES-128-GCM:+AEAD:+ECDHE-RSA:+DHE-RSA:+RSA:+SIGN-RSA-SHA256:+GROUP-X25519'

/** TLS 1.2 with forward secrecy by one curve. */
const ELLIPTIC =
  'SECURE128:-VERS-ALL:+VERS-TLS1.2:-GROUP-ALL:+GROUP-SECP256R1:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA'

describe('tlsOptionsFor', () => {
  test('offers no suite without a version that can use it, and tells of none', () => {
    const rest = '+AES-128-GCM:+AEAD:+SIGN-ALL'
    // Without a group there is no TLS 1.3.
    const older = `NONE:+VERS-TLS1.3:+VERS-TLS1.2:+RSA:${rest}`
    // Streams have no use for DTLS.
    const newer = `NONE:+VERS-TLS1.3:+VERS-DTLS1.2:+ECDHE-RSA:+CAMELLIA-128-GCM:+GROUP-X25519:${rest}`
    for (const role of ['server', 'client'] as const) {
      const suitesOf = (text: string) => tlsOptionsFor(text, { role }).allowed.suites
      expect(suitesOf(older).map(({ name }) => name)).toEqual(['TLS_RSA_WITH_AES_128_GCM_SHA256'])
      expect(suitesOf(newer).map(({ name }) => name)).toEqual(['TLS_AES_128_GCM_SHA256'])
      const { omissions } = tlsOptionsFor(newer, { role })
      expect(omissions.map(({ message }) => message).join()).not.toMatch(/suites? TLS_/)
    }
  })

  test('names every suite in the order of the string', () => {
    const { options } = server(`${SMALL}:+GROUP-FFDHE3072`)
    expect(options.ciphers).toBe(
      'ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256:AES128-GCM-SHA256:@SECLEVEL=0',
    )
    expect(options).toMatchObject({
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.2',
      ecdhCurve: 'x25519:ffdhe3072',
      sigalgs: 'rsa_pkcs1_sha256',
      dhparam: dhParameters(3072),
    })
  })

  test('leaves a server without parameters no DHE, and bounds a client by their size', () => {
    expect(codesOf(server(SMALL))).toContain('TLS_NO_DH_PARAMETERS')
    expect(server(SMALL).options.ciphers).not.toContain('DHE-RSA-AES128-GCM-SHA256:DHE')
    const { options } = client(`${SMALL}:%PROFILE_HIGH`)
    expect(options.minDHSize).toBe(3072)
  })

  test('closes a gap between versions by flags for a server, and offers the upper part as a client', () => {
    const priority = 'NORMAL:-VERS-ALL:+VERS-TLS1.2:+VERS-TLS1.0'
    const flags = server(priority).options.secureOptions ?? 0
    expect(flags & constants.SSL_OP_NO_TLSv1_1).not.toBe(0)
    expect(flags & constants.SSL_OP_NO_TLSv1).toBe(0)
    expect(client(priority).options.minVersion).toBe('TLSv1.2')
    expect(codesOf(client(priority))).toContain('TLS_VERSION_GAP')
  })

  test('follows the client unless the string says otherwise', () => {
    expect(server('NORMAL').options.honorCipherOrder).toBe(false)
    expect(server('NORMAL:%SERVER_PRECEDENCE').options.honorCipherOrder).toBe(true)
  })

  test.each([
    ['%NO_ETM', constants.SSL_OP_NO_ENCRYPT_THEN_MAC],
    ['%NO_TICKETS', constants.SSL_OP_NO_TICKET],
    ['%NO_SESSION_HASH', 1],
    ['%SERVER_PRECEDENCE', constants.SSL_OP_CIPHER_SERVER_PREFERENCE],
  ])('sets the flag of %s and only then', (option, flag) => {
    expect((server(`NORMAL:${option}`).options.secureOptions ?? 0) & flag).toBe(flag)
    expect((server('NORMAL').options.secureOptions ?? 0) & flag).toBe(0)
  })

  test.each([
    ['TLS1.0', constants.SSL_OP_NO_TLSv1],
    ['TLS1.1', constants.SSL_OP_NO_TLSv1_1],
    ['TLS1.2', constants.SSL_OP_NO_TLSv1_2],
    ['TLS1.3', constants.SSL_OP_NO_TLSv1_3],
  ])('closes every version but %s by flags', (version, own) => {
    const { SSL_OP_NO_SSLv3: ssl3, SSL_OP_NO_TLSv1: tls10 } = constants
    const {
      SSL_OP_NO_TLSv1_1: tls11,
      SSL_OP_NO_TLSv1_2: tls12,
      SSL_OP_NO_TLSv1_3: tls13,
    } = constants
    const every = ssl3 | tls10 | tls11 | tls12 | tls13
    const flags = server(`NORMAL:-VERS-ALL:+VERS-${version}`).options.secureOptions ?? 0
    expect(flags & every).toBe(every & ~own)
    expect(flags & constants.SSL_OP_NO_COMPRESSION).not.toBe(0)
  })

  test.each([
    ['', constants.SSL_OP_LEGACY_SERVER_CONNECT],
    ['%UNSAFE_RENEGOTIATION', constants.SSL_OP_LEGACY_SERVER_CONNECT],
    ['%PARTIAL_RENEGOTIATION', constants.SSL_OP_LEGACY_SERVER_CONNECT],
    ['%SAFE_RENEGOTIATION', 0],
  ])('talks to servers without RFC 5746 unless that has to be safe: %j', (option, expected) => {
    const flags = client(`NORMAL${option && `:${option}`}`).options.secureOptions ?? 0
    expect(flags & constants.SSL_OP_LEGACY_SERVER_CONNECT).toBe(expected)
  })

  // OpenSSL has one switch for both versions.
  test.each([
    ['+VERS-TLS1.2', '', false],
    ['+VERS-TLS1.2', ':%NO_TICKETS_TLS12', true],
    ['+VERS-TLS1.2:+VERS-TLS1.3', ':%NO_TICKETS_TLS12', true],
    ['+VERS-TLS1.3', ':%NO_TICKETS_TLS12', false],
    ['+VERS-TLS1.3', ':%NO_TICKETS', true],
  ])('of %s%s no ticket is sent: %s', (versions, options, isOff) => {
    const flags = server(`NORMAL:-VERS-ALL:${versions}${options}`).options.secureOptions ?? 0
    expect((flags & constants.SSL_OP_NO_TICKET) !== 0).toBe(isOff)
  })

  test('never lets anything be renegotiated', () => {
    for (const option of ['%COMPAT', '%UNSAFE_RENEGOTIATION', '%PARTIAL_RENEGOTIATION']) {
      const flags = server(`NORMAL:${option}`).options.secureOptions ?? 0
      expect(flags & constants.SSL_OP_NO_RENEGOTIATION).not.toBe(0)
    }
  })

  test.each([
    ['NORMAL:-VERS-ALL:+VERS-TLS1.2:%PROFILE_MEDIUM:-SIGN-RSA-SHA1:-SIGN-ECDSA-SHA1', 2],
    ['NORMAL:-VERS-ALL:+VERS-TLS1.2:%PROFILE_MEDIUM', 0],
    ['NORMAL:%PROFILE_MEDIUM', 0],
    ['SECURE128:-VERS-ALL:+VERS-TLS1.3:%PROFILE_LOW', 1],
    ['SECURE128:-VERS-ALL:+VERS-TLS1.3:%PROFILE_HIGH', 2],
    [
      'SECURE128:-VERS-ALL:+VERS-TLS1.3:%PROFILE_HIGH:%NO_TICKETS:-GROUP-DH-ALL:+GROUP-FFDHE3072',
      3,
    ],
    ['SECURE192:-VERS-ALL:+VERS-TLS1.3:%PROFILE_ULTRA:%NO_TICKETS', 4],
    // From level 3 on there are neither tickets nor suites without forward secrecy.
    ['SECURE192:-VERS-ALL:+VERS-TLS1.3:%PROFILE_ULTRA', 2],
    [`${ELLIPTIC}:%PROFILE_HIGH:%NO_TICKETS`, 3],
    [`${ELLIPTIC}:%PROFILE_HIGH:%NO_TICKETS:+RSA`, 2],
    [`${ELLIPTIC}:%PROFILE_HIGH:%NO_TICKETS:+VERS-TLS1.1`, 0],
    [`${ELLIPTIC}:%PROFILE_HIGH:%NO_TICKETS:+VERS-TLS1.0`, 0],
  ])('%s has level %i', (priority, level) => {
    expect(server(priority).options.ciphers).toMatch(new RegExp(`@SECLEVEL=${level}$`))
  })

  /** The sizes of SSL_CTX_set_security_level(3). */
  test.each([
    [7680, 7680, 384, 4],
    [7679, 7680, 384, 3],
    [7680, 7679, 384, 3],
    [7680, 7680, 383, 3],
    [3072, 3072, 256, 3],
    [3071, 3072, 256, 2],
    [3072, 3071, 256, 2],
    [3072, 3072, 255, 2],
    [2048, 2048, 224, 2],
    [2047, 2048, 224, 1],
    [2048, 2048, 223, 1],
    [1024, 1024, 160, 1],
    [1023, 1024, 160, 0],
    [1024, 1024, 159, 0],
  ])('keys of %i (RSA), %i (DSA) and %i bits (curves) reach level %i', (rsa, dsa, ec, level) => {
    const strong = 'SECURE192:-VERS-ALL:+VERS-TLS1.3:%PROFILE_ULTRA:%NO_TICKETS'
    const { evaluation, allowed } = server(strong)
    const minimumKeySizes = { ...allowed.minimumKeySizes, rsa, dsa, ec }
    expect(securityLevel(evaluation, { ...allowed, minimumKeySizes })).toBe(level)
  })

  test('gives up versions without a signature scheme before those that need none', () => {
    const versions = 'NONE:+VERS-TLS1.0:+VERS-TLS1.2:+VERS-TLS1.3:+SIGN-ECDSA-SHA256'
    const suites = '+RSA:+ECDHE-ECDSA:+AES-128-CBC:+SHA1:+SHA256:+GROUP-X25519'
    const { allowed } = server(`${versions}:${suites}`)
    expect(allowed.versions.map(({ name }) => name)).toEqual(['TLS1.2', 'TLS1.0'])
    const curve = 'NONE:+VERS-TLS1.0:+VERS-TLS1.2:+VERS-TLS1.3:+SIGN-ECDSA-SECP256R1-SHA256'
    const others = '+ECDHE-RSA:+DHE-DSS:+PSK:+AES-128-CBC:+SHA1:+GROUP-SECP256R1:+GROUP-FFDHE2048'
    const old = server(`${curve}:${others}`)
    expect(old.allowed.versions.map(({ name }) => name)).toEqual(['TLS1.0'])
  })

  test('leaves block ciphers out where encrypt-then-MAC is forced', () => {
    const settings = server('NORMAL:%FORCE_ETM')
    expect(codesOf(settings)).toContain('TLS_UNFORCED_ENCRYPT_THEN_MAC')
    expect(settings.allowed.suites.some(({ cipher }) => cipher.endsWith('CBC'))).toBe(false)
  })

  test('leaves out a signature that two versions read differently', () => {
    const settings = server('NORMAL:-SIGN-ECDSA-SHA256')
    expect(codesOf(settings)).toContain('TLS_AMBIGUOUS_SIGNATURE')
    expect(settings.options.sigalgs).not.toContain('ecdsa_secp256r1_sha256')
  })

  test('leaves out what the runtime lacks, and says so', () => {
    const settings = server('NORMAL:+CAMELLIA-256-GCM:+GROUP-GC256A')
    expect(codesOf(settings)).toContain('TLS_RUNTIME_LACKS')
  })

  test('says which class is empty where nothing is left', () => {
    expect(() => server('NONE:+VERS-DTLS1.2:+AES-128-GCM:+AEAD:+RSA:+SIGN-ALL')).toThrow(
      /no versions are both allowed/,
    )
    const camellia = 'NORMAL:-VERS-TLS1.3:-CIPHER-ALL:+CAMELLIA-128-GCM'
    expect(() => server(camellia)).toThrow(/no cipher suites are both allowed/)
    expect(() => server(camellia)).toThrow(DiagnosticError)
  })

  test('refuses a string that GnuTLS refuses', () => {
    expect(() => server('NORMAL:+NOPE')).toThrow(DiagnosticError)
  })
})

const GCM = '+AES-128-GCM:+AEAD'
const PKCS1 = '+SIGN-RSA-SHA256'
const PSS = '+SIGN-RSA-PSS-RSAE-SHA256'
const CBC = '+AES-128-CBC:+SHA1:+SHA256'
const OLD12 = `NONE:+VERS-TLS1.2:${GCM}:${PKCS1}`
const NEW13 = `NONE:+VERS-TLS1.3:${GCM}:${PSS}`
const BOTH = `NONE:+VERS-TLS1.2:+VERS-TLS1.3:${GCM}:${PKCS1}:${PSS}`
const PRIMES = '+GROUP-FFDHE2048:+GROUP-FFDHE3072'

type Left = {
  readonly versions?: string
  /** Without `TLS_` and `WITH_`. */
  readonly suites: string
  readonly groups?: string
  readonly schemes?: string
  readonly omitted?: readonly string[]
}

const ONE_GROUP = 'TLS_ONE_DH_GROUP'
const UNUSED = 'TLS_UNUSED'
const CURVES = 'TLS_CERTIFICATE_CURVE'
const ECDHE = 'ECDHE_RSA_AES_128_GCM_SHA256'
const DHE = 'DHE_RSA_AES_128_GCM_SHA256'
const ANY = ['server', 'client'] as const

test.each<readonly [string, readonly ('server' | 'client')[], Left]>([
  [
    `${OLD12}:+ECDHE-RSA:+DHE-RSA:+GROUP-X25519:${PRIMES}`,
    ['server'],
    { suites: `${ECDHE} ${DHE}`, groups: 'x25519 ffdhe2048', omitted: [ONE_GROUP] },
  ],
  [
    `${OLD12}:+ECDHE-RSA:+DHE-RSA:+GROUP-X25519:${PRIMES}`,
    ['client'],
    { suites: `${ECDHE} ${DHE}`, groups: 'x25519', omitted: [UNUSED] },
  ],
  [`${OLD12}:+ECDHE-RSA:+GROUP-X25519:${PRIMES}`, ANY, { suites: ECDHE, groups: 'x25519' }],
  [
    `${OLD12}:+DHE-RSA:+GROUP-X25519:${PRIMES}:%PROFILE_HIGH`,
    ['server'],
    { suites: DHE, groups: 'ffdhe3072', omitted: [ONE_GROUP] },
  ],
  [`${OLD12}:+DHE-RSA:${PRIMES}`, ['client'], { suites: DHE, omitted: [UNUSED] }],
  [
    `${OLD12}:+DHE-RSA:+RSA:+GROUP-FFDHE2048:%PROFILE_HIGH`,
    ['server'],
    { suites: 'RSA_AES_128_GCM_SHA256', omitted: ['TLS_NO_DH_PARAMETERS', UNUSED] },
  ],
  [`${OLD12}:+RSA:+GROUP-X25519`, ANY, { suites: 'RSA_AES_128_GCM_SHA256' }],
  [
    `${NEW13}:${PKCS1}:+GROUP-X25519:${PRIMES}`,
    ANY,
    {
      versions: 'TLS1.3',
      suites: 'AES_128_GCM_SHA256',
      groups: 'x25519 ffdhe2048 ffdhe3072',
      schemes: 'rsa_pss_rsae_sha256',
      omitted: [UNUSED],
    },
  ],
  [
    `${BOTH}:+ECDHE-RSA:+DHE-RSA:+GROUP-X25519:${PRIMES}`,
    ['server'],
    {
      versions: 'TLS1.3 TLS1.2',
      suites: `AES_128_GCM_SHA256 ${ECDHE} ${DHE}`,
      groups: 'x25519 ffdhe2048 ffdhe3072',
      schemes: 'rsa_pkcs1_sha256 rsa_pss_rsae_sha256',
      omitted: [ONE_GROUP],
    },
  ],
  [
    `${BOTH}:+ECDHE-RSA:+DHE-RSA:+GROUP-X25519:${PRIMES}`,
    ['client'],
    {
      versions: 'TLS1.3 TLS1.2',
      suites: `AES_128_GCM_SHA256 ${ECDHE} ${DHE}`,
      groups: 'x25519 ffdhe2048 ffdhe3072',
      schemes: 'rsa_pkcs1_sha256 rsa_pss_rsae_sha256',
    },
  ],
  [
    `NONE:+VERS-TLS1.2:${GCM}:+SIGN-ECDSA-SHA256:+ECDHE-RSA:+ECDHE-ECDSA:+GROUP-X25519`,
    ANY,
    {
      suites: 'ECDHE_ECDSA_AES_128_GCM_SHA256',
      groups: 'x25519',
      schemes: 'ecdsa_secp256r1_sha256',
      omitted: ['TLS_NO_SUITE_SIGNATURE', CURVES],
    },
  ],
  [
    `NONE:+VERS-TLS1.2:+VERS-TLS1.1:${CBC}:+PSK:+RSA:${PKCS1}`,
    ANY,
    {
      versions: 'TLS1.2 TLS1.1',
      suites: 'PSK_AES_128_CBC_SHA RSA_AES_128_CBC_SHA RSA_AES_128_CBC_SHA256',
      omitted: ['TLS_OLD_VERSION_SUITES'],
    },
  ],
  [
    `NONE:+VERS-TLS1.2:${CBC}:+PSK:${PKCS1}`,
    ANY,
    { suites: 'PSK_AES_128_CBC_SHA PSK_AES_128_CBC_SHA256' },
  ],
  [
    `${BOTH}:+AES-128-CBC:+SHA256:+DHE-PSK:+GROUP-X25519:+GROUP-FFDHE2048`,
    ['server'],
    {
      versions: 'TLS1.3 TLS1.2',
      suites: 'AES_128_GCM_SHA256 DHE_PSK_AES_128_GCM_SHA256 DHE_PSK_AES_128_CBC_SHA256',
      // GnuTLS has the groups of the first exchange first.
      groups: 'ffdhe2048 x25519',
      schemes: 'rsa_pkcs1_sha256 rsa_pss_rsae_sha256',
    },
  ],
  [
    `${OLD12}:+RSA:+PSK:-CTYPE-SRV-ALL:+CTYPE-SRV-RAWPK`,
    ANY,
    { suites: 'PSK_AES_128_GCM_SHA256', omitted: ['TLS_RAW_PUBLIC_KEYS'] },
  ],
  [
    `${BOTH}:+VERS-TLS1.0:+AES-128-CBC:+SHA1:+RSA:+GROUP-X25519`,
    ['client'],
    {
      versions: 'TLS1.3 TLS1.2',
      suites: 'AES_128_GCM_SHA256 RSA_AES_128_GCM_SHA256 RSA_AES_128_CBC_SHA',
      groups: 'x25519',
      schemes: 'rsa_pkcs1_sha256 rsa_pss_rsae_sha256',
      omitted: ['TLS_VERSION_GAP'],
    },
  ],
  [
    `${BOTH}:+VERS-TLS1.0:+AES-128-CBC:+SHA1:+RSA:+GROUP-X25519`,
    ['server'],
    {
      versions: 'TLS1.3 TLS1.2 TLS1.0',
      suites: 'AES_128_GCM_SHA256 RSA_AES_128_GCM_SHA256 RSA_AES_128_CBC_SHA',
      groups: 'x25519',
      schemes: 'rsa_pkcs1_sha256 rsa_pss_rsae_sha256',
    },
  ],
])('%s leaves %j', (priority, roles, left) => {
  for (const role of roles) {
    const settings = tlsOptionsFor(priority, { role })
    const { versions, suites, groups, signatureSchemes } = settings.allowed
    const names = (items: readonly { readonly name: string }[]) =>
      items.map(({ name }) => name.replace(/^TLS_|WITH_/g, '')).join(' ')
    expect({
      versions: names(versions),
      suites: names(suites),
      groups: names(groups),
      schemes: names(signatureSchemes),
      omitted: codesOf(settings),
    }).toEqual({
      ...{ versions: 'TLS1.2', groups: '', schemes: 'rsa_pkcs1_sha256', omitted: [] },
      ...left,
    })
    // What OpenSSL is told: an empty list would mean its own.
    const { options } = settings
    expect(options.ecdhCurve).toBe(left.groups?.replaceAll(' ', ':') || 'secp256r1')
    const hasPrime = role === 'server' && /(^| )DHE/.test(left.suites)
    expect(options.dhparam !== undefined).toBe(hasPrime)
    expect(options.minDHSize).toBe(role === 'server' ? undefined : Math.max(1, sizeIn(priority)))
    const isNew = left.versions === 'TLS1.3'
    expect(options.ciphers?.includes(':ECDHE-RSA-AES256-GCM-SHA384:')).toBe(isNew)
  }
})

function sizeIn(priority: string): number {
  return priority.endsWith('%PROFILE_HIGH') ? 3072 : 0
}

describe('without wildcards', () => {
  const check = client('NORMAL:%DISABLE_WILDCARDS').options.checkServerIdentity
  const verdictOn = (host: string, subjectaltname: string | undefined, CN = 'none') => {
    const certificate = { subject: { CN }, ...(subjectaltname && { subjectaltname }) }
    return check?.(host, certificate as never) === undefined
  }

  test.each([
    ['a.example.org', 'DNS:a.example.org', 'none', true],
    ['a.example.org', 'DNS:*.example.org, DNS:a.example.org', 'none', true],
    ['a.example.org', 'DNS:*.example.org', 'none', false],
    ['a.example.org', 'DNS:*.example.org', 'a.example.org', false],
    ['a.example.org', 'DNS:b.example.org, DNS:*.example.org', 'a.example.org', false],
    ['a.example.org', undefined, 'a.example.org', true],
    ['a.example.org', undefined, '*.example.org', false],
    ['192.0.2.1', 'IP Address:192.0.2.1, DNS:*.example.org', 'none', true],
  ])('%s and a certificate for %s with the common name %s: %s', (host, names, CN, isFor) => {
    expect(verdictOn(host, names, CN)).toBe(isFor)
  })

  test('only where the string says so, and of clients alone', () => {
    expect(client('NORMAL').options.checkServerIdentity).toBeUndefined()
    expect(server('NORMAL:%DISABLE_WILDCARDS').options.checkServerIdentity).toBeUndefined()
  })
})

/** The options of a string that it has no words for in node:tls, by their names. */
function unsupported(priority: string, role: 'client' | 'server'): readonly string[] {
  const { omissions } = tlsOptionsFor(priority, { role })
  const told = omissions.filter(({ code }) => code === 'TLS_UNSUPPORTED_OPTION')
  return told.map(({ message }) => /%(\w+)/.exec(message)?.[1] ?? message)
}

describe('an option that cannot be followed is told of where it matters', () => {
  const OLD = '-VERS-ALL:+VERS-TLS1.2'
  const NEW = '-VERS-ALL:+VERS-TLS1.3'
  const BOTH = '-VERS-ALL:+VERS-TLS1.2:+VERS-TLS1.3'

  test.each([
    [`NORMAL:${BOTH}`, [], []],
    [`NORMAL:${OLD}:%NO_EXTENSIONS`, ['NO_EXTENSIONS'], ['NO_EXTENSIONS']],
    [`NORMAL:${BOTH}:%FALLBACK_SCSV`, [], ['FALLBACK_SCSV']],
    [
      `NORMAL:${BOTH}:%DISABLE_TLS13_COMPAT_MODE`,
      ['DISABLE_TLS13_COMPAT_MODE'],
      ['DISABLE_TLS13_COMPAT_MODE'],
    ],
    [`NORMAL:${OLD}:%DISABLE_TLS13_COMPAT_MODE`, [], []],
    [`NORMAL:${BOTH}:%SAFE_RENEGOTIATION`, ['SAFE_RENEGOTIATION'], []],
    [`NORMAL:${NEW}:%SAFE_RENEGOTIATION`, [], []],
    [`NORMAL:${BOTH}:%UNSAFE_RENEGOTIATION`, ['UNSAFE_RENEGOTIATION'], ['UNSAFE_RENEGOTIATION']],
    ['NORMAL:-VERS-ALL:+VERS-TLS1.0:%UNSAFE_RENEGOTIATION', ...twice('UNSAFE_RENEGOTIATION')],
    ['NORMAL:-VERS-ALL:+VERS-TLS1.1:%UNSAFE_RENEGOTIATION', ...twice('UNSAFE_RENEGOTIATION')],
    [`NORMAL:${NEW}:%UNSAFE_RENEGOTIATION`, [], []],
    [`NORMAL:${BOTH}:%NO_TICKETS`, ['NO_TICKETS'], []],
    [`NORMAL:${OLD}:%NO_TICKETS`, [], []],
    [`NORMAL:${BOTH}:%NO_TICKETS_TLS12`, ['NO_TICKETS_TLS12'], ['NO_TICKETS_TLS12']],
    [`NORMAL:${OLD}:%NO_TICKETS_TLS12`, [], []],
    [`NORMAL:${NEW}:%NO_TICKETS_TLS12`, [], []],
  ])('%s', (priority, ofServer, ofClient) => {
    expect(unsupported(priority, 'server')).toEqual(ofServer)
    expect(unsupported(priority, 'client')).toEqual(ofClient)
  })

  function twice(option: string): readonly [string[], string[]] {
    return [[option], [option]]
  }

  test('and so are the curves that certificates of TLS 1.2 cannot have', () => {
    const told = (priority: string) =>
      server(priority)
        .omissions.filter(({ code }) => code === 'TLS_CERTIFICATE_CURVE')
        .map(({ message }) => message.match(/secp\d+r1/g))
    expect(told(`NORMAL:${OLD}:-GROUP-SECP384R1`)).toEqual([['secp384r1']])
    expect(told(`NORMAL:${OLD}:-GROUP-ALL:+GROUP-X25519`)).toEqual([
      ['secp256r1', 'secp384r1', 'secp521r1'],
    ])
    expect(told(`NORMAL:${NEW}:-GROUP-SECP384R1`)).toEqual([])
    expect(told(`NORMAL:${OLD}:-ECDHE-ECDSA:-GROUP-SECP384R1`)).toEqual([])
    expect(told(`NORMAL:${OLD}`)).toEqual([])
  })
})

describe.skipIf(!hasPeer('openssl'))('the suites are those of the credentials [openssl]', () => {
  const ALL = 'NORMAL:+ANON-ECDH:+ANON-DH:+PSK:+DHE-PSK:+ECDHE-PSK'

  /** What OpenSSL says authenticates each suite, and the hash of those of TLS 1.3. */
  function authentications(
    credentials: 'x509' | 'psk' | 'anon',
    priority = ALL,
  ): readonly string[] {
    const { options } = tlsOptionsFor(priority, { role: 'server', credentials })
    const names = (options.ciphers ?? '').split(':')
    const suites13 = names.filter((name) => name.startsWith('TLS_')).join(':')
    const list = names.filter((name) => !name.startsWith('TLS_')).join(':')
    const args = ['ciphers', '-v', '-ciphersuites', suites13, `${list}:@SECLEVEL=0`]
    const lines = execFileSync('openssl', args, { encoding: 'utf8' }).trim().split('\n')
    const read = (line: string) =>
      line.startsWith('TLS_')
        ? `TLS 1.3 ${/_(SHA\d+) /.exec(line)?.[1]}`
        : `${/Au=(\S+)/.exec(line)?.[1]} by ${/Kx=(\S+)/.exec(line)?.[1]}`
    return [...new Set(lines.map(read))].toSorted()
  }

  test('certificates', () => {
    expect(authentications('x509')).toEqual([
      ...['ECDSA by ECDH', 'RSA by DH', 'RSA by ECDH', 'RSA by RSA'],
      ...['TLS 1.3 SHA256', 'TLS 1.3 SHA384'],
    ])
  })

  test('shared keys, in TLS 1.3 with the one hash that its callbacks have', () => {
    expect(authentications('psk')).toEqual([
      ...['PSK by DHEPSK', 'PSK by ECDHEPSK', 'PSK by PSK', 'TLS 1.3 SHA256'],
    ])
  })

  test('neither alone, where both are needed at once', () => {
    const old = ['PSK by DHEPSK', 'PSK by ECDHEPSK', 'PSK by PSK']
    expect(authentications('psk', `${ALL}:+RSA-PSK`)).toEqual(old)
    expect(authentications('x509', `${ALL}:+RSA-PSK`).join()).not.toContain('PSK')
  })

  test('none', () => {
    expect(authentications('anon')).toEqual(['None by DH', 'None by ECDH'])
  })
})

import { constants } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { type TlsSettings, tlsOptionsFor } from '../../src/library/tls.ts'
import { dhParameters } from '../../src/tls/dh-parameters.ts'
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
  ])('%s has level %i', (priority, level) => {
    expect(server(priority).options.ciphers).toMatch(new RegExp(`@SECLEVEL=${level}$`))
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

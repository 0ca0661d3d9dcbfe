import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { DiagnosticError } from '../../../src/diagnostics/diagnostic.ts'
import type { TlsCredentials } from '../../../src/tls/credentials/credentials.ts'
import type { TlsSession } from '../../../src/tls/credentials/tls-session.ts'
import { refusal } from '../../diagnostic-code.ts'
import { AUTHORITY, CLIENT_AUTH, make, makeList, SERVER_AUTH } from '../../x509/made-certificate.ts'
import {
  CLIENT,
  credentialFolder,
  endpoint,
  type FolderContent,
  names,
  ROOT_CA,
  SERVER,
  ukName,
} from './folder.ts'
import { meet, objectsOf, openListener, openPair, sessionOf, verdictOf } from './meeting.ts'
import { authzList, LEVEL_1A, LEVEL_2A, OTHER_ROOT, SESSION_CASES } from './session-cases.ts'

type Sides = { readonly server: TlsCredentials; readonly client: TlsCredentials }

function x509(
  server: FolderContent = {},
  client: FolderContent = server,
  more: { server?: string; client?: string } = {},
): Sides {
  const objects = objectsOf(
    `tls-creds-x509,id=server,endpoint=server,dir=${credentialFolder(server)}${more.server ?? ''}`,
    `tls-creds-x509,id=client,endpoint=client,dir=${credentialFolder(client)}${more.client ?? ''}`,
  )
  return {
    server: objects.credentials('server', 'server'),
    client: objects.credentials('client', 'client'),
  }
}

describe('the verdicts of QEMU', () => {
  for (const { name, server, client, hostname, rules, passes, code } of SESSION_CASES) {
    test(name, async () => {
      const sides = x509(server, client)
      const authorization = rules && objectsOf(authzList(rules)).authorization('authz0')
      const pair = await (await openListener('unix'))()
      const result = await meet(sides.server, sides.client, {
        accept: { authorization },
        connect: { hostname },
        pair,
      })
      expect(verdictOf(result.client) === 'pass', JSON.stringify(result.client)).toBe(passes.client)
      expect(verdictOf(result.server) === 'pass', JSON.stringify(result.server)).toBe(passes.server)
      if (code) expect([verdictOf(result.client), verdictOf(result.server)]).toContain(code)
    })
  }
})

describe('a string that allows raw public keys alone', () => {
  const rawOnly = (side: 'CLI' | 'SRV') =>
    `,priority=NORMAL:-CTYPE-${side}-ALL:+CTYPE-${side}-RAWPK`

  test('lets no client with an X.509 certificate in', async () => {
    const { server, client } = x509({}, {}, { server: rawOnly('CLI') })
    expect(verdictOf((await meet(server, client)).server)).toBe('TLS_FORBIDDEN_CERTIFICATE')
  })

  test('leaves a client no suite', () => {
    expect(() => x509({}, {}, { client: rawOnly('SRV') })).toThrow(/nothing can be negotiated/)
  })
})

describe('a server that verifies', () => {
  test('tells after the handshake that there was no certificate', async () => {
    const { server, client } = x509({}, { client: [] })
    const result = await meet(server, client)
    expect(result.server).toMatchObject({
      code: 'TLS_NO_PEER_CERTIFICATE',
      message: expect.stringContaining('No certificate was found'),
    })
    expect(verdictOf(result.client)).toBe('pass')
  })

  test('says that the certificates of both sides were verified', async () => {
    const { server, client } = x509()
    const result = await meet(server, client)
    for (const outcome of [result.server, result.client]) {
      expect(sessionOf(outcome).socket.authorized).toBe(true)
    }
    const trusting = x509({}, {}, { server: ',verify-peer=off' })
    const other = await meet(trusting.server, trusting.client)
    expect(sessionOf(other.server).socket.authorized).toBe(false)
    expect(sessionOf(other.client).socket.authorized).toBe(true)
  })

  test('takes a certificate whose purpose is another one, as QEMU does', async () => {
    const purpose = { critical: true, purposes: [SERVER_AUTH] }
    const odd = endpoint({ subject: 'odd', extendedKeyUsage: purpose })
    const { server, client } = x509({}, { client: [odd] }, { client: ',sanity-check=off' })
    expect(verdictOf((await meet(server, client)).server)).toBe('pass')
  })

  test('takes an intermediate authority as an anchor', async () => {
    const sides = x509(
      { authorities: [ROOT_CA, LEVEL_1A] },
      { client: [endpoint({ subject: 'below' }, LEVEL_1A)] },
      { client: ',sanity-check=off' },
    )
    const { server } = await meet(sides.server, sides.client)
    expect(sessionOf(server).peer.distinguishedName).toBe('CN=below')
  })

  test('follows what the client sent, and only that', async () => {
    const leaf = endpoint({ subject: 'deep' }, LEVEL_2A)
    const whole = x509({}, { client: [leaf, LEVEL_2A, LEVEL_1A] })
    expect(verdictOf((await meet(whole.server, whole.client)).server)).toBe('pass')
    const broken = x509({}, { client: [leaf, LEVEL_2A] }, { client: ',sanity-check=off' })
    expect(verdictOf((await meet(broken.server, broken.client)).server)).toBe(
      'TLS_CERTIFICATE_NO_ISSUER',
    )
  })

  test('refuses a certificate that pretends to be of the authority', async () => {
    const forged = make({ subject: 'Test Root', ...AUTHORITY })
    const leaf = endpoint({ subject: ukName('qemu') }, forged)
    const { server, client } = x509({}, { client: [leaf, forged] }, { client: ',sanity-check=off' })
    expect(verdictOf((await meet(server, client)).server)).not.toBe('pass')
  })

  test('refuses a revoked certificate', async () => {
    const others = { 'ca-crl.pem': makeList({ signer: ROOT_CA, revoked: [CLIENT.serial] }) }
    const { server, client } = x509({ others }, {})
    expect(verdictOf((await meet(server, client)).server)).toBe('TLS_CERTIFICATE_REVOKED')
  })

  test('refuses a certificate that has expired', async () => {
    const old = endpoint({ subject: 'old', until: -1 })
    const { server, client } = x509({}, { client: [old] }, { client: ',sanity-check=off' })
    expect(verdictOf((await meet(server, client)).server)).toMatch(/EXPIRED/)
  })

  test('asks for nothing with verify-peer=off', async () => {
    const { server, client } = x509({}, { client: [] }, { server: ',verify-peer=off' })
    const result = await meet(server, client)
    expect(sessionOf(result.server).peer).toEqual({})
  })

  test('refuses an authorization that could decide nothing', async () => {
    const { server } = x509({}, {}, { server: ',verify-peer=off' })
    const authorization = objectsOf('authz-simple,id=a,identity=x').authorization('a')
    expect(() => server.checkAuthorization(authorization)).toThrow('could not decide anything')
    const [, far] = await openPair()
    await expect(server.accept(far, { authorization })).rejects.toThrow('could not decide anything')
    expect(far.destroyed).toBe(true)
  })

  test('lets no session be resumed', async () => {
    const { server } = x509()
    const options = {
      ca: ROOT_CA.certificate,
      cert: CLIENT.certificate,
      key: CLIENT.key,
      servername: 'localhost',
    }
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      let session: Buffer | undefined
      for (let round = 0; round < 3; round++) {
        const [near, far] = await openPair()
        const accepted = server.accept(far)
        const socket = connectTls({
          ...options,
          maxVersion,
          socket: near,
          ...(session ? { session } : {}),
        })
        socket.on('session', (data) => {
          session = data
        })
        await once(socket, 'secureConnect')
        const { socket: secured, peer } = await accepted
        expect(peer.distinguishedName).toBe('C=UK,CN=qemu')
        secured.end('x')
        await once(socket, 'data')
        session ??= socket.getSession()
        expect(socket.isSessionReused()).toBe(false)
        socket.destroy()
      }
    }
  })
})

describe('a client that verifies', () => {
  test('needs a name', async () => {
    const { client } = x509()
    const [near] = await openPair()
    await expect(client.connect(near)).rejects.toThrow('No hostname for certificate validation')
    const [other] = await openPair()
    await expect(client.connect(other, { hostname: '' })).rejects.toThrow('No hostname')
    expect(near.destroyed).toBe(true)
  })

  test.each(['host.example/.evil', '0x7f000001', 'host.example:443', '127.0.0.01'])(
    'has no server called %s',
    async (hostname) => {
      const { client } = x509()
      const [near] = await openPair()
      await expect(client.connect(near, { hostname })).rejects.toThrow('is no name of a host')
      expect(near.destroyed).toBe(true)
    },
  )

  test('asks neither for a name nor for a known authority with verify-peer=off', async () => {
    const { server, client } = x509(
      { server: [endpoint({ subject: 'elsewhere' }, OTHER_ROOT), OTHER_ROOT] },
      {},
      { server: ',sanity-check=off', client: ',verify-peer=off' },
    )
    const result = await meet(server, client, { connect: { hostname: '' } })
    expect(sessionOf(result.client).peer).toEqual({})
    expect(sessionOf(result.client).socket.authorized).toBe(false)
  })

  test('has the name of tls-hostname checked and no other', async () => {
    const { server, client } = x509()
    const wrong = await meet(server, client, { connect: { hostname: 'elsewhere' } })
    expect(wrong.client).toMatchObject({ message: expect.stringContaining('DNS:localhost') })
  })

  test('does not take a client for a server by its common name', async () => {
    const purpose = { critical: false, purposes: [CLIENT_AUTH] }
    const odd = endpoint({ subject: 'localhost', extendedKeyUsage: purpose })
    const { server, client } = x509({ server: [odd] }, {}, { server: ',sanity-check=off' })
    expect((await meet(server, client)).client).toMatchObject({
      code: 'TLS_HOST_MISMATCH',
      message: expect.stringContaining('it is for CN=localhost'),
    })
  })
})

describe('several identities', () => {
  test('shows the certificate whose key the client can verify', async () => {
    const rsa = endpoint({ subject: 'rsa', key: 'rsa-2048', names: names(['dns', 'localhost']) })
    const pqc = endpoint({ subject: 'pqc', key: 'ml-dsa-65', names: names(['dns', 'localhost']) })
    const others = {
      'server-cert-0.pem': rsa.certificate,
      'server-key-0.pem': rsa.key,
      'server-cert-1.pem': pqc.certificate,
      'server-key-1.pem': pqc.key,
    }
    const seen = async (priority: string) => {
      const { server, client } = x509({ others }, {}, { client: `,priority=${priority}` })
      const { client: outcome } = await meet(server, client)
      return sessionOf(outcome).peer.certificate?.x509.publicKey.asymmetricKeyType
    }
    const only = (name: string) => `NORMAL:-SIGN-ALL:+SIGN-${name}`
    expect(await seen(only('ECDSA-SECP256R1-SHA256:+SIGN-ECDSA-SHA256'))).toBe('ec')
    expect(await seen(only('RSA-PSS-RSAE-SHA256:+SIGN-RSA-SHA256'))).toBe('rsa')
  })

  test('can be post-quantum from the key exchange to the signature, on both sides', async () => {
    const lattice = { key: 'ml-dsa-65' } as const
    const own = endpoint({ subject: 'localhost', names: names(['dns', 'localhost']), ...lattice })
    const guest = endpoint({ subject: 'guest', ...lattice })
    const priority = ',priority=NORMAL:-GROUP-ALL:+GROUP-X25519-MLKEM768:-SIGN-ALL:+SIGN-ML-DSA-65'
    const { server, client } = x509(
      { server: [own] },
      { client: [guest] },
      { server: `${priority}:+SIGN-ECDSA-SHA256`, client: `${priority}:+SIGN-ECDSA-SHA256` },
    )
    const result = await meet(server, client)
    expect(sessionOf(result.client)).toMatchObject({ group: 'X25519MLKEM768' })
    const { certificate } = sessionOf(result.server).peer
    expect(certificate?.x509.publicKey.asymmetricKeyType).toBe('ml-dsa-65')
  })

  test('warns of a second certificate with a key of the same type', () => {
    const others = { 'server-cert-0.pem': SERVER.certificate, 'server-key-0.pem': SERVER.key }
    const dir = credentialFolder({ others })
    const objects = objectsOf(`tls-creds-x509,id=s,endpoint=server,dir=${dir}`)
    const told = objects.warnings.find(({ code }) => code === 'OBJECT_SAME_KEY_TYPE')
    expect(told?.message).toMatch(/\bEC\b/)
    expect(told?.message).toContain('server-cert-0.pem')
  })
})

describe('shared keys', () => {
  const KEY = 'a'.repeat(64)
  const psk = (serverKeys: string, clientKeys = serverKeys, more = '', serverMore = ''): Sides => {
    const dirOf = (text: string) => credentialFolder({ others: { 'keys.psk': text } })
    const objects = objectsOf(
      `tls-creds-psk,id=server,endpoint=server,dir=${dirOf(serverKeys)}${serverMore}`,
      `tls-creds-psk,id=client,dir=${dirOf(clientKeys)}${more}`,
    )
    return {
      server: objects.credentials('server', 'server'),
      client: objects.credentials('client', 'client'),
    }
  }

  for (const [version, priority] of [
    ['TLSv1.3', ''],
    ['TLSv1.2', ',priority=NORMAL:-VERS-TLS1.3'],
  ] as const) {
    test(`authenticate both sides in ${version}`, async () => {
      const { server, client } = psk(`other:${KEY}\nqemu:${KEY}\n`, undefined, priority)
      const result = await meet(server, client)
      expect(sessionOf(result.server)).toMatchObject({
        protocol: version,
        peer: { username: 'qemu' },
      })
      expect(verdictOf(result.client)).toBe('pass')
    })

    test(`refuse a wrong key in ${version}`, async () => {
      const { server, client } = psk(`qemu:${KEY}\n`, `qemu:${'b'.repeat(64)}\n`, priority)
      const result = await meet(server, client)
      expect(verdictOf(result.server)).toBe('TLS_WRONG_SHARED_KEY')
      expect(verdictOf(result.client)).not.toBe('pass')
    })

    test(`refuse an unknown user in ${version}`, async () => {
      const keys = `eve:${KEY}\n`
      const { server, client } = psk(`qemu:${KEY}\n`, keys, `${priority},username=eve`)
      const result = await meet(server, client)
      expect(result.server).toMatchObject({
        code: 'TLS_UNKNOWN_USER',
        message: expect.stringContaining('"eve"'),
      })
      expect(verdictOf(result.client)).not.toBe('pass')
    })
  }

  test('need no name of the server, and are known by the user alone', async () => {
    const { server, client } = psk(`qemu:${KEY}\n`)
    const result = await meet(server, client, { connect: { hostname: undefined } })
    expect(sessionOf(result.client)).toMatchObject({ peer: {}, sentTickets: false })
    expect(sessionOf(result.client).socket.authorized).toBe(false)
    expect(sessionOf(result.server).peer).toEqual({ username: 'qemu' })
  })

  test('never fall back to a certificate or to nothing', async () => {
    const shared = psk(`qemu:${KEY}\n`)
    const certificates = x509({}, {}, { server: ',verify-peer=off', client: ',verify-peer=off' })
    const anonymous = objectsOf('tls-creds-anon,id=s,endpoint=server', 'tls-creds-anon,id=c')
    const servers = [certificates.server, anonymous.credentials('s', 'server')]
    for (const server of servers) {
      expect(verdictOf((await meet(server, shared.client)).client)).not.toBe('pass')
    }
    const clients = [certificates.client, anonymous.credentials('c', 'client')]
    for (const client of clients) {
      expect(verdictOf((await meet(shared.server, client)).server)).not.toBe('pass')
    }
  })

  test('are not offered next to certificates, whatever the priority says', () => {
    const priority = ',priority=NORMAL:+ECDHE-PSK:+PSK:+ANON-DH:+ANON-ECDH'
    const { server, client } = x509({}, {}, { server: priority, client: priority })
    for (const { settings } of [server, client]) {
      const exchanges = settings.allowed.suites.map(({ keyExchange = '' }) => keyExchange)
      expect(exchanges.filter((name) => /PSK|ANON/.test(name))).toEqual([])
    }
  })
})

test('anonymous endpoints meet in TLS 1.2 and authenticate no peer', async () => {
  const objects = objectsOf('tls-creds-anon,id=s,endpoint=server', 'tls-creds-anon,id=c')
  const { server, client } = await meet(
    objects.credentials('s', 'server'),
    objects.credentials('c', 'client'),
    { connect: { hostname: undefined } },
  )
  expect(sessionOf(server)).toMatchObject({ protocol: 'TLSv1.2', peer: {} })
  expect(sessionOf(client).suite).toMatch(/DH_anon/)
})

/** The end of one side alone. */
function verdict(result: TlsSession | Error): string {
  if (!(result instanceof Error)) return 'pass'
  return result instanceof DiagnosticError ? `${result.diagnostics[0]?.code}` : `${result}`
}

describe('a handshake', () => {
  test('ends when its time is over', async () => {
    const { server } = x509()
    const [near, far] = await openPair()
    const accepting = server.accept(far, { timeout: 20 })
    await expect(accepting).rejects.toThrow('it was not done after 0.02 s')
    expect(far.destroyed).toBe(true)
    if (!near.destroyed) await once(near, 'close')
  })

  test('ends when the peer leaves, at any moment', async () => {
    const { server, client } = x509()
    for (const leave of ['server', 'client'] as const) {
      const open = await openListener('tcp')
      const [near, far] = await open()
      const trying =
        leave === 'client' ? server.accept(far) : client.connect(near, { hostname: 'x' })
      ;(leave === 'client' ? near : far).destroy()
      await expect(trying).rejects.toMatchObject({
        diagnostics: [{ code: 'TLS_CONNECTION_CLOSED' }],
      })
    }
    const [near, far] = await openPair()
    near.destroy()
    await expect(server.accept(far)).rejects.toThrow('closed the connection')
  })

  test('survives a peer that resets the connection at any moment', async () => {
    const { server, client } = x509()
    const open = await openListener('tcp')
    const trying = Array.from({ length: 60 }, async (_, number) => {
      const [near, far] = await open()
      const accepted = server.accept(far).then(verdict, verdict)
      const connected = client.connect(near, { hostname: 'localhost' }).then(verdict, verdict)
      for (let turn = 0; turn < number % 12; turn++) await setImmediate()
      ;((number % 2 ? near : far) as Socket).resetAndDestroy()
      return Promise.all([accepted, connected])
    })
    const verdicts = (await Promise.all(trying)).flat()
    const expected = ['pass', 'TLS_CONNECTION_CLOSED', 'TLS_HANDSHAKE_FAILED']
    expect(verdicts.filter((code) => !expected.includes(code))).toEqual([])
    expect(verdicts.filter((code) => code === 'TLS_CONNECTION_CLOSED').length).toBeGreaterThan(10)
  })

  test('says that what came is no TLS', async () => {
    const { server } = x509()
    const [near, far] = await openPair()
    const accepting = server.accept(far)
    near.write('GET / HTTP/1.1\r\n\r\n')
    await expect(accepting).rejects.toThrow('HTTP')
    const [other, side] = await openPair()
    const again = server.accept(side)
    other.write(Buffer.alloc(64, 7))
    await expect(again).rejects.toThrow('no TLS')
  })

  test('hands over what the peer sent right behind it', async () => {
    const { server, client } = x509()
    const open = await openListener('tcp')
    const [near, far] = await open()
    const accepting = server.accept(far)
    const { socket } = await client.connect(near, { hostname: 'localhost' })
    socket.write('first words')
    const { socket: secured } = await accepting
    const [data] = await once(secured, 'data')
    expect(String(data)).toBe('first words')
    socket.destroy()
  })

  test.each<readonly [object, string]>([
    [{ timeout: -1 }, 'LIBRARY_ARGUMENT'],
    [{ timeout: '1' }, 'LIBRARY_ARGUMENT'],
    [{ authorization: {} }, 'LIBRARY_ARGUMENT'],
    [{ authorization: { id: 'a', decide: true } }, 'LIBRARY_ARGUMENT'],
    [{ hostname: 'x' }, 'LIBRARY_OPTION'],
  ])('of a server takes no %o, and the connection ends', async (options, code) => {
    const { server } = x509()
    const [, far] = await openPair()
    await expect(server.accept(far, options as never)).rejects.toThrow(refusal(code))
    expect(far.destroyed).toBe(true)
  })

  test.each<readonly [object, string]>([
    [{ timeout: -1 }, 'LIBRARY_ARGUMENT'],
    [{ hostname: 5 }, 'LIBRARY_ARGUMENT'],
    [{ authorization: { id: 'a', decide: () => {} } }, 'LIBRARY_OPTION'],
  ])('of a client takes no %o, and the connection ends', async (options, code) => {
    const { client } = x509()
    const [near] = await openPair()
    await expect(client.connect(near, options as never)).rejects.toThrow(refusal(code))
    expect(near.destroyed).toBe(true)
  })

  test('needs a stream, and an authorization that decides', async () => {
    const { server, client } = x509()
    await expect(server.accept({} as never)).rejects.toThrow(refusal('LIBRARY_ARGUMENT'))
    await expect(client.connect({} as never)).rejects.toThrow(refusal('LIBRARY_ARGUMENT'))
    const check = () => server.checkAuthorization({ id: 'a' } as never)
    expect(check).toThrow(refusal('LIBRARY_ARGUMENT'))
  })

  test('needs credentials of its own side', async () => {
    const { server, client } = x509()
    const [near, far] = await openPair()
    await expect(client.accept(far)).rejects.toThrow('are for a client')
    await expect(server.connect(near, { hostname: 'x' })).rejects.toThrow('are for a server')
  })
})

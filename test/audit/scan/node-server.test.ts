/** Whole scans of the TLS of Node.js, within the process of the test: what it was told is found. */
import { Duplex } from 'node:stream'
import { createSecureContext, TLSSocket, type TLSSocketOptions } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { Connections } from '../../../src/audit/connection/connections.ts'
import type { Transport } from '../../../src/audit/connection/transport.ts'
import type { TlsScan } from '../../../src/audit/model.ts'
import { ProbedServer } from '../../../src/audit/probes/probe.ts'
import { scanTls } from '../../../src/audit/scan/scan-tls.ts'
import { makeIdentity } from '../../tls/certificates.ts'

const AUTHORITY = makeIdentity('Lab CA', 'ec-P-256')
const RSA = makeIdentity('localhost', 'rsa-2048', AUTHORITY)
const EC = makeIdentity('localhost', 'ec-P-256', AUTHORITY)

const CREDENTIALS: TLSSocketOptions = {
  cert: [RSA.certificate + AUTHORITY.certificate, EC.certificate + AUTHORITY.certificate],
  key: [RSA.key, EC.key],
  ...{ ca: AUTHORITY.certificate, ticketKeys: Buffer.alloc(48, 1), dhparam: 'auto' },
}

/** One connection, both ends of which are here. The server sends back what it gets. */
function connectTo(options: TLSSocketOptions): Transport {
  const ready: Buffer[] = []
  let wake = () => {}
  let isEnded = false
  const end = () => {
    isEnded = true
    wake()
  }
  const wire = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _, done) => {
      ready.push(chunk)
      wake()
      done()
    },
    final: (done) => {
      end()
      done()
    },
  })
  const secureContext = createSecureContext({ ...CREDENTIALS, ...options })
  const socket = new TLSSocket(wire, { ...options, isServer: true, secureContext })
  socket.on('error', end).on('close', end)
  socket.on('end', () => socket.end())
  socket.on('secure', () => {
    const isRefused = options.rejectUnauthorized && !socket.authorized
    if (options.requestCert && isRefused) socket.destroy()
  })
  socket.on('data', (data: Buffer) => socket.write(data))
  return {
    limitSilence: () => {},
    close: () => socket.destroy(),
    send: (bytes) => void (isEnded || wire.push(bytes)),
    receive: async () => {
      while (ready.length === 0 && !isEnded) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      return ready.shift() ?? 'closed'
    },
  }
}

function scanOf(options: TLSSocketOptions, connect = connectTo): Promise<TlsScan> {
  let connections = 0
  const source = {
    get connections() {
      return connections
    },
    open: async () => {
      connections++
      return connect(options)
    },
  }
  const asked = new Connections({ source, seed: Buffer.alloc(32, 3) })
  return scanTls(new ProbedServer(asked, 'localhost', [0], Buffer.from('x')))
}

const ABSENT = { answer: 'not-offered' }

const answers = (found: TlsScan['features']) =>
  Object.fromEntries(Object.entries(found).map(([name, { answer }]) => [name, answer]))

const listed = (lists: TlsScan['suites'] | TlsScan['groups'] | TlsScan['signatures']) =>
  lists.map(({ version, order, items }) => [version, order, items.map(({ name }) => name)])

const accepted = ({ versions }: TlsScan) =>
  versions.filter(({ result }) => result.answer === 'accepted').map(({ name }) => name)

const PROTOCOL_VERSION = { answer: 'refused', alert: 70, name: 'protocol_version' }

/** Of each chain what its first certificate has. */
const chainsOf = ({ chains }: TlsScan) =>
  chains.map(({ certificates, isInOrder }) => {
    const { keyType, keyBits, curve, names } = certificates[0] ?? {}
    return [keyType, keyBits, curve, names, certificates.map(({ issuer }) => issuer), isInOrder]
  })

const CHAINS = [
  ['ec', 256, 'prime256v1', ['localhost'], ['CN=Lab CA', 'CN=Lab CA'], true],
  ['rsa', 2048, null, ['localhost'], ['CN=Lab CA', 'CN=Lab CA'], true],
]

const TOLERANT = { unknownValues: 'accepted', unknownVersion: 'accepted', largeHellos: 'accepted' }

describe('a server of Node.js', () => {
  test('with TLS 1.3 alone', async () => {
    const found = await scanOf({
      ...{ minVersion: 'TLSv1.3', ecdhCurve: 'X25519:P-256', honorCipherOrder: true },
      ciphers: 'TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256',
      ALPNProtocols: ['h2', 'http/1.1'],
    })
    expect(accepted(found)).toEqual(['TLS1.3'])
    expect(found.versions[1]).toEqual({ name: 'TLS1.2', number: 0x0303, result: PROTOCOL_VERSION })
    expect(listed(found.suites)).toEqual([
      ['TLS1.3', 'server', ['TLS_AES_256_GCM_SHA384', 'TLS_AES_128_GCM_SHA256']],
    ])
    expect(listed(found.groups)).toEqual([['TLS1.3', 'server', ['x25519', 'secp256r1']]])
    expect(listed(found.signatures)).toEqual([
      [
        ...['TLS1.3', 'unknown'],
        [
          ...['ecdsa_secp256r1_sha256', 'rsa_pss_rsae_sha256', 'rsa_pss_rsae_sha384'],
          'rsa_pss_rsae_sha512',
        ],
      ],
    ])
    expect(answers(found.features)).toEqual({
      ...{ tickets13: 'accepted', pskDheKe: 'accepted', pskKe: 'not-offered' },
      ...{ earlyData: 'not-offered', ...TOLERANT },
    })
    expect(chainsOf(found)).toEqual(CHAINS)
    expect(found).toMatchObject({
      ...{ ticketLifetime: 7200, ticketLifetimeHint: null, diffieHellman: [] },
      clientCertificate: { asked: ABSENT, required: ABSENT, schemes: [], authorities: [] },
      protocols: { items: ['h2', 'http/1.1'], end: { answer: 'refused', alert: 120 } },
    })
  })

  test('with older versions, that requires certificates of clients', async () => {
    const found = await scanOf({
      ...{ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.2', ecdhCurve: 'P-384:P-256' },
      ciphers:
        'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-SHA:DHE-RSA-AES128-SHA:AES128-SHA:@SECLEVEL=0',
      ...{ honorCipherOrder: true, requestCert: true, rejectUnauthorized: true },
    })
    const older = [
      ...['TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA', 'TLS_DHE_RSA_WITH_AES_128_CBC_SHA'],
      'TLS_RSA_WITH_AES_128_CBC_SHA',
    ]
    expect(accepted(found)).toEqual(['TLS1.2', 'TLS1.1'])
    expect(listed(found.suites)).toEqual([
      ['TLS1.2', 'server', ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', ...older]],
      ['TLS1.1', 'server', older],
    ])
    expect(listed(found.groups)).toEqual([['TLS1.2', 'server', ['secp384r1', 'secp256r1']]])
    // OpenSSL takes a prime of RFC 3526 by itself.
    expect(found.diffieHellman).toEqual([{ version: 'TLS1.2', bits: 2048, group: null }])
    expect(answers(found.features)).toEqual({
      ...{ extendedMasterSecret: 'accepted', encryptThenMac: 'accepted' },
      ...{ secureRenegotiation: 'accepted', sessionTickets: 'accepted', sessionIds: 'not-offered' },
      ...{ compression: 'not-offered', heartbeat: 'not-offered', fallbackSignal: 'accepted' },
      // No client without a certificate comes so far.
      ...{ ticketResumption: 'unknown', sessionIdResumption: 'unknown' },
      ...{ clientRenegotiation: 'unknown', ...TOLERANT },
    })
    expect(chainsOf(found)).toEqual(CHAINS)
    expect(found).toMatchObject({
      ...{ ticketLifetime: null, ticketLifetimeHint: null },
      clientCertificate: {
        ...{ asked: { answer: 'accepted' }, required: { answer: 'accepted' } },
        types: [{ name: 'rsa_sign' }, { name: 'dss_sign' }, { name: 'ecdsa_sign' }],
        authorities: ['CN=Lab CA'],
      },
      protocols: { items: [], end: ABSENT },
    })
  })

  test('with TLS 1.2 alone, that leaves the order to its clients', async () => {
    const found = await scanOf({
      ...{ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ecdhCurve: 'P-256' },
      ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256:AES128-SHA256',
    })
    expect(accepted(found)).toEqual(['TLS1.2'])
    expect(listed(found.suites)).toEqual([
      [
        ...['TLS1.2', 'client'],
        ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'TLS_RSA_WITH_AES_128_CBC_SHA256'],
      ],
    ])
    expect(listed(found.groups)).toEqual([['TLS1.2', 'unknown', ['secp256r1']]])
    expect(answers(found.features)).toEqual({
      ...{ extendedMasterSecret: 'accepted', encryptThenMac: 'accepted' },
      ...{ secureRenegotiation: 'accepted', sessionTickets: 'accepted', sessionIds: 'not-offered' },
      ...{ compression: 'not-offered', heartbeat: 'not-offered', ticketResumption: 'accepted' },
      ...{ sessionIdResumption: 'not-offered', clientRenegotiation: 'accepted', ...TOLERANT },
    })
    expect(found).toMatchObject({
      ...{ ticketLifetimeHint: 7200, diffieHellman: [] },
      clientCertificate: { asked: ABSENT, required: ABSENT },
    })
  })

  test('behind a device that lets no large message through is asked by small ones', async () => {
    const connectSmall = (options: TLSSocketOptions): Transport => {
      const transport = connectTo(options)
      let isFirst = true
      return {
        ...transport,
        send: (bytes) => {
          if (isFirst && bytes.length > 5 + 255) transport.close()
          else transport.send(bytes)
          isFirst = false
        },
      }
    }
    const found = await scanOf(
      {
        ...{ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3', ecdhCurve: 'P-256:X25519' },
        ciphers: 'TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256:AES256-SHA256:AES128-SHA256',
        ...{ honorCipherOrder: true, cert: RSA.certificate, key: RSA.key },
      },
      connectSmall,
    )
    expect(accepted(found)).toEqual(['TLS1.3', 'TLS1.2'])
    expect(listed(found.suites)).toEqual([
      ['TLS1.3', 'unknown', ['TLS_AES_128_GCM_SHA256']],
      [
        ...['TLS1.2', 'server'],
        [
          'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
          ...['TLS_RSA_WITH_AES_256_CBC_SHA256', 'TLS_RSA_WITH_AES_128_CBC_SHA256'],
        ],
      ],
    ])
    expect(listed(found.groups)).toEqual([
      ['TLS1.3', 'server', ['secp256r1', 'x25519']],
      ['TLS1.2', 'server', ['secp256r1', 'x25519']],
    ])
    const [newer, older] = found.signatures.map(({ items }) => items.map(({ name }) => name))
    const pss = ['rsa_pss_rsae_sha256', 'rsa_pss_rsae_sha384', 'rsa_pss_rsae_sha512']
    expect(newer).toEqual(pss)
    expect(older).toEqual(expect.arrayContaining([...pss, 'rsa_pkcs1_sha256', 'rsa_pkcs1_sha512']))
    expect(found.features.largeHellos).toEqual({ answer: 'refused', alert: null, name: null })
    expect(answers(found.features)).toMatchObject({
      ...{
        extendedMasterSecret: 'accepted',
        encryptThenMac: 'accepted',
        downgradeMark: 'accepted',
      },
      ...{
        secureRenegotiation: 'accepted',
        sessionTickets: 'accepted',
        compression: 'not-offered',
      },
      // A ClientHello with a ticket is no small one.
      ...{ tickets13: 'accepted', pskDheKe: 'refused', ticketResumption: 'refused' },
      ...{ clientRenegotiation: 'accepted', fallbackSignal: 'accepted' },
    })
  })
})

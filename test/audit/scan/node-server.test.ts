/** Whole scans of the TLS of Node.js, within the process of the test: what it was told is found. */
import type { TLSSocketOptions } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { Connections } from '../../../src/audit/connection/connections.ts'
import type { Transport } from '../../../src/audit/connection/transport.ts'
import type { Admission } from '../../../src/audit/conversation/admission.ts'
import type { Answer, TlsScan } from '../../../src/audit/model.ts'
import { requiredCertificate } from '../../../src/audit/probes/client-certificates.ts'
import { ProbedServer } from '../../../src/audit/probes/probe.ts'
import { scanTls } from '../../../src/audit/scan/scan-tls.ts'
import { makeIdentity } from '../../tls/certificates.ts'
import { ENDED_UNSAID, NOT_OFFERED } from '../answers.ts'
import { countedSource } from '../counted-source.ts'
import { connectToNode } from '../node-tls-server.ts'

const AUTHORITY = makeIdentity('Lab CA', 'ec-P-256')
const RSA = makeIdentity('localhost', 'rsa-2048', AUTHORITY)
const EC = makeIdentity('localhost', 'ec-P-256', AUTHORITY)

const CREDENTIALS: TLSSocketOptions = {
  cert: [RSA.certificate + AUTHORITY.certificate, EC.certificate + AUTHORITY.certificate],
  key: [RSA.key, EC.key],
  ...{ ca: AUTHORITY.certificate, ticketKeys: Buffer.alloc(48, 1), dhparam: 'auto' },
}

const connectTo = (options: TLSSocketOptions): Transport =>
  connectToNode({ ...CREDENTIALS, ...options }).transport

function scanOf(options: TLSSocketOptions, connect = connectTo): Promise<TlsScan> {
  const source = countedSource(async () => connect(options))
  const asked = new Connections({ source, seed: Buffer.alloc(32, 3) })
  return scanTls(new ProbedServer(asked, 'localhost', [0], { firstRequest: Buffer.from('x') }))
}

const [ECDHE_ECDSA, ECDHE_RSA, RSA_AES128] = [0xc009, 0xc013, 0x002f]

const OLD: TLSSocketOptions = { ciphers: 'AES128-SHA:@SECLEVEL=0' }

/** Of a record with a ClientHello: the version that the message says, and the suites (RFC 8446, section 4.1.2). */
function helloIn(record: Buffer) {
  const at = 44 + record.readUInt8(43)
  const list = record.subarray(at + 2, at + 2 + record.readUInt16BE(at))
  const suites = Array.from({ length: list.length / 2 }, (_, index) => list.readUInt16BE(index * 2))
  return { version: record.readUInt16BE(9), suites }
}

const CLOSE = 'close'

/** A device before the server that closes, or answers itself, at what it says of the first message. */
function changed(answerTo: (hello: Buffer) => Buffer | typeof CLOSE | undefined) {
  return (options: TLSSocketOptions): Transport => {
    const transport = connectTo(options)
    let isFirst = true
    let own: Buffer | undefined
    return {
      ...transport,
      send: (bytes) => {
        const isHello = isFirst && bytes.length > 44 && bytes[0] === 22
        isFirst = false
        const answer = isHello ? answerTo(bytes) : undefined
        if (answer === CLOSE) transport.close()
        else if (answer) own = answer
        else transport.send(bytes)
      },
      receive: async () => {
        const answer = own
        own = undefined
        return answer ?? transport.receive()
      },
    }
  }
}

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
      clientCertificate: {
        asked: NOT_OFFERED,
        required: NOT_OFFERED,
        schemes: [],
        authorities: [],
      },
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
        // Node.js ends the connection without an alert, as a server does whose service is down.
        ...{ asked: { answer: 'accepted' }, required: ENDED_UNSAID },
        types: [{ name: 'rsa_sign' }, { name: 'dss_sign' }, { name: 'ecdsa_sign' }],
        authorities: ['CN=Lab CA'],
      },
      protocols: { items: [], end: NOT_OFFERED },
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
      clientCertificate: { asked: NOT_OFFERED, required: NOT_OFFERED },
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

  test('that has none of the protocols of ALPN is finished with and asked without them', async () => {
    const found = await scanOf({ minVersion: 'TLSv1.3', ALPNProtocols: ['one-of-its-own'] })
    expect(found.protocols).toMatchObject({ items: [], end: { answer: 'refused', alert: 120 } })
    expect(answers(found.features)).toMatchObject({ tickets13: 'accepted' })
    expect(found.clientCertificate.required).toEqual(NOT_OFFERED)
  })

  test('with TLS 1.3 alone, that requires certificates of clients', async () => {
    const found = await scanOf({
      minVersion: 'TLSv1.3',
      requestCert: true,
      rejectUnauthorized: true,
    })
    expect(found.clientCertificate).toMatchObject({
      ...{ asked: { answer: 'accepted' }, required: ENDED_UNSAID },
      authorities: ['CN=Lab CA'],
    })
  })

  test('with two versions, that lets clients in without a certificate in both', async () => {
    const found = await scanOf({
      minVersion: 'TLSv1.2',
      requestCert: true,
      rejectUnauthorized: false,
    })
    expect(found.clientCertificate).toMatchObject({
      ...{ asked: { answer: 'accepted' }, required: NOT_OFFERED },
    })
  })

  test('that fails at a long list of suites in TLS 1.1 is asked for each kind of them', async () => {
    const internalError = Buffer.from('15030200020250', 'hex')
    const ofOtherKeys: string[] = []
    const found = await scanOf(
      { ...OLD, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.2' },
      changed((bytes) => {
        const { version, suites } = helloIn(bytes)
        if (version !== 0x0302) return undefined
        if (suites.includes(ECDHE_ECDSA) && !suites.includes(ECDHE_RSA)) ofOtherKeys.push('asked')
        return suites.includes(ECDHE_RSA) && suites.includes(RSA_AES128) ? internalError : undefined
      }),
    )
    expect(accepted(found)).toEqual(['TLS1.2', 'TLS1.1'])
    const older = found.suites.find(({ version }) => version === 'TLS1.1')
    expect(older?.items.map(({ name }) => name)).toEqual(['TLS_RSA_WITH_AES_128_CBC_SHA'])
    expect(older?.end).toMatchObject({ answer: 'refused', alert: 40 })
    expect(ofOtherKeys).toEqual([])
  })

  test.each([
    ['TLSv1.2', 'refused'],
    ['TLSv1.3', 'accepted'],
  ] as const)(
    'with %s behind a device that knows nothing newer than TLS 1.2',
    async (version, answer) => {
      const found = await scanOf(
        { minVersion: version, maxVersion: version },
        changed((bytes) => (helloIn(bytes).version > 0x0303 ? CLOSE : undefined)),
      )
      expect(answers(found.features)).toMatchObject({
        unknownValues: 'accepted',
        unknownVersion: answer,
      })
    },
  )

  // The messages of TLS 1.2 are the largest: they name all its suites.
  test.each([
    ['TLSv1.2', ['TLS1.2']],
    ['TLSv1.3', ['TLS1.3', 'TLS1.2']],
  ] as const)(
    'up to %s behind a device that lets only the messages of TLS 1.3 through',
    async (maxVersion, expected) => {
      const found = await scanOf(
        { minVersion: 'TLSv1.2', maxVersion },
        changed((bytes) => (bytes.length > 700 ? CLOSE : undefined)),
      )
      expect(accepted(found)).toEqual(expected)
    },
  )
})

test.each<[Admission, Answer | undefined, Answer['answer']]>([
  ['turned-away', undefined, 'accepted'],
  ['turned-away', { answer: 'accepted' }, 'accepted'],
  ['turned-away', { answer: 'timed-out' }, 'timed-out'],
  ['turned-away', { answer: 'not-offered' }, 'not-offered'],
  ['not-seen', undefined, 'unknown'],
  ['not-seen', { answer: 'accepted' }, 'unknown'],
  ['not-seen', { answer: 'not-offered' }, 'not-offered'],
  ['admitted', { answer: 'accepted' }, 'not-offered'],
  ['admitted', { answer: 'timed-out' }, 'not-offered'],
])(
  'a client %s by TLS 1.3, where older versions showed %j: a certificate is required: %s',
  (admission, older, answer) => {
    const nothing = { ask: () => Promise.reject(new Error('nothing is asked')) }
    const server = new ProbedServer(nothing, 'localhost')
    server.finished = { admission, tickets: [], resumption: Buffer.alloc(0) }
    // Of the handshake itself nothing is read.
    server.handshakes.push({} as never)
    expect(requiredCertificate(server, older).answer).toBe(answer)
  },
)

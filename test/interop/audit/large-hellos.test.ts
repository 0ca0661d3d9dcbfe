/** A real server behind a door that lets no large ClientHello in, as some load balancers do: it is asked by small ones. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished } from 'vitest'
import { testWith } from '../../peers/peer.ts'
import { startPeer } from '../tls-peer.ts'
import { keyFiles } from './audited-server.ts'
import { auditAndReplay } from './replayed-audit.ts'

/** The largest first record that goes through. */
const LARGEST = 255

async function behindDoor(real: number, refuse: (client: Socket) => void): Promise<number> {
  const door = createServer((client) => {
    const server = connect(real, '127.0.0.1')
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => other.destroy()).on('close', () => other.destroySoon())
    }
    client.once('data', (hello: Buffer) => {
      if (hello.length > LARGEST) return refuse(client)
      server.write(hello)
      client.pipe(server)
    })
    server.pipe(client)
  })
  door.listen(0, '127.0.0.1')
  await once(door, 'listening')
  onTestFinished(() => void door.close())
  return (door.address() as AddressInfo).port
}

const names = (list: readonly { readonly name: string }[] | undefined) =>
  list?.map(({ name }) => name).toSorted()

for (const [conduct, refuse, answer] of [
  ['resets', (client: Socket) => client.resetAndDestroy(), { alert: null }],
  [
    'sends decode_error',
    (client: Socket) => client.end(Buffer.from('15030100020232', 'hex')),
    { name: 'decode_error' },
  ],
] as const) {
  testWith('openssl', `what ${conduct} at large messages shows all by small ones`, async () => {
    const [rsa] = keyFiles(['rsa-2048'])
    const real = await startPeer('openssl', (port) => [
      ...['s_server', '-accept', `127.0.0.1:${port}`, '-quiet', '-serverpref', '-no_tls1_1'],
      ...['-cipher', 'AES256-SHA:ECDHE-RSA-CAMELLIA128-SHA256:DHE-RSA-AES128-GCM-SHA256'],
      ...['-ciphersuites', 'TLS_CHACHA20_POLY1305_SHA256', '-groups', 'X448:P-384:ffdhe2048'],
      ...['-sigalgs', 'RSA-PSS+SHA256:RSA+SHA512', '-alpn', 'h2,pop3', '-no_tls1'],
      ...['-cert', rsa?.certificate ?? '', '-key', rsa?.key ?? ''],
    ])
    const tls = await auditAndReplay(await behindDoor(real, refuse))
    expect(tls?.features.largeHellos).toMatchObject({ answer: 'refused', ...answer })
    const results = tls?.versions.map(({ name, result }) => `${name} ${result.answer}`)
    expect(results?.slice(0, 2)).toEqual(['TLS1.3 accepted', 'TLS1.2 accepted'])
    const [newer, older] = tls?.suites ?? []
    expect(names(newer?.items)).toEqual(['TLS_CHACHA20_POLY1305_SHA256'])
    expect(older?.items.map(({ name }) => name)).toEqual([
      'TLS_RSA_WITH_AES_256_CBC_SHA',
      'TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256',
      'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256',
    ])
    expect(older?.order).toBe('server')
    expect(names(tls?.groups[0]?.items)).toEqual(['ffdhe2048', 'secp384r1', 'x448'])
    expect(names(tls?.groups[1]?.items)).toEqual(['secp384r1', 'x448'])
    expect(tls?.signatures.map(({ items }) => names(items))).toEqual([
      ['rsa_pss_rsae_sha256'],
      ['rsa_pkcs1_sha512', 'rsa_pss_rsae_sha256'],
    ])
    expect(tls?.protocols.items).toEqual(['h2', 'pop3'])
    expect(tls?.chains).toHaveLength(1)
  })
}

/** Before TLS 1.3 a server that has a key on a curve only serves clients that offer this curve too. */
import { expect, test } from 'vitest'
import { hasPeer } from '../../peers/peer.ts'
import { startPeer } from '../tls-peer.ts'
import { auditCounted, keyFiles, permittedConnections } from './audited-server.ts'

async function auditServerWithCurve(...words: readonly string[]) {
  const [ec] = keyFiles(['ec-P-256'])
  const port = await startPeer('openssl', (free) => [
    ...['s_server', '-accept', `127.0.0.1:${free}`, '-quiet', '-tls1_2'],
    ...['-cert', ec?.certificate ?? '', '-key', ec?.key ?? '', ...words],
  ])
  const { tls, counted } = await auditCounted(port)
  expect(counted).toBeLessThanOrEqual(permittedConnections(tls))
  return tls.groups.find(({ version }) => version === 'TLS1.2')
}

test.skipIf(!hasPeer('openssl'))(
  'finds all groups where the client decides the order [openssl]',
  async () => {
    const groups = await auditServerWithCurve('-groups', 'P-256:P-384:P-521:X25519:X448')
    expect(groups?.order).toBe('client')
    expect(groups?.items.map(({ name }) => name).toSorted()).toEqual([
      ...['secp256r1', 'secp384r1', 'secp521r1', 'x25519', 'x448'],
    ])
    expect(groups?.end).toEqual({ answer: 'not-offered' })
  },
)

test.skipIf(!hasPeer('openssl'))(
  'finds no group that the server never comes to behind the curve of its certificate [openssl]',
  async () => {
    const groups = await auditServerWithCurve('-serverpref', '-groups', 'X448:P-256:P-384')
    expect(groups).toMatchObject({ order: 'server', end: { answer: 'refused' } })
    expect(groups?.items.map(({ name }) => name)).toEqual(['x448', 'secp256r1'])
  },
)

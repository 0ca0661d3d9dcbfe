import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { readPeerChain, rememberPeerChain } from '../../src/tls/peer-chain.ts'
import { make } from '../x509/made-certificate.ts'

test('only chains that were verified are remembered', () => {
  const x509 = new X509Certificate(make({ subject: 'stranger' }).raw)
  const socket = { getPeerX509Certificate: () => x509 } as never
  const chain = readPeerChain(socket)
  expect(readPeerChain(socket)[0]).not.toBe(chain[0])
  rememberPeerChain(chain)
  expect(readPeerChain(socket)[0]).toBe(chain[0])
})

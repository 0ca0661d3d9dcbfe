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

test('of more certificates than are accepted one more is read, each with its number', () => {
  const raw = make({ subject: 'stranger' }).raw
  let next: object | undefined
  for (let count = 0; count < 40; count++) {
    const issuer = { value: next }
    next = Object.defineProperty(new X509Certificate(raw), 'issuerCertificate', issuer)
  }
  const chain = readPeerChain({ getPeerX509Certificate: () => next } as never)
  expect(chain.map(({ place }) => place.index)).toEqual(Array.from({ length: 17 }, (_, at) => at))
  expect(readPeerChain({ getPeerX509Certificate: () => undefined } as never)).toEqual([])
})

/** Reads what a client offers off its first message: OpenSSL accepts nothing that it did not offer. */
import { duplexPair } from 'node:stream'
import { connect } from 'node:tls'
import { canNegotiate, findTlsSuite } from '../../../src/algorithms/tls-suites.ts'
import type { TlsSettings } from '../../../src/tls/tls-options.ts'
import { findTlsVersion } from '../../algorithms/by-number.ts'
import { decodeClientHello } from './client-hello.ts'
import { type Negotiated, seenIn } from './negotiated.ts'

/** Signals that are no suites (RFC 5746, RFC 7507). */
const SIGNALS: ReadonlySet<number> = new Set([0x00ff, 0x5600])

/** What a client with these settings offers to a server. */
export async function enumerateClient(settings: TlsSettings): Promise<Negotiated> {
  const [near, far] = duplexPair()
  const psk = Buffer.alloc(16, 1)
  const pskCallback = (): { psk: Buffer; identity: string } => ({ psk, identity: 'anyone' })
  const client = connect({
    ...settings.options,
    socket: near,
    pskCallback,
    checkServerIdentity: () => undefined,
  })
  client.on('error', () => {})
  const record = await new Promise<Buffer>((resolve, reject) => {
    far.once('data', resolve)
    client.once('error', reject)
  })
  far.destroy()
  client.destroy()
  return toNegotiated(record, settings)
}

function toNegotiated(record: Buffer, { allowed }: TlsSettings): Negotiated {
  const offer = decodeClientHello(record)
  // Without the extension, every version up to the one of the message counts as offered.
  const oldest = Math.min(...allowed.versions.map(({ number }) => number))
  const versions =
    offer.versions.length > 0
      ? offer.versions
      : [0x0301, 0x0302, 0x0303].filter((v) => v >= oldest && v <= offer.legacyVersion)
  const negotiated: Negotiated = new Map()
  for (const number of versions) {
    const version = findTlsVersion(number)
    const seen = seenIn(negotiated, number)
    for (const suite of offer.suites.filter((value) => !SIGNALS.has(value))) {
      const known = findTlsSuite(suite)
      if (!known || !version || canNegotiate(known, version)) seen.suites.add(suite)
    }
    for (const group of offer.groups) seen.groups.add(group)
    for (const scheme of offer.schemes) seen.schemes.add(scheme)
  }
  return negotiated
}

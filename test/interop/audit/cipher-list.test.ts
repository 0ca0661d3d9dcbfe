/** Suites that a cipher list forbids to a server, or that the server lacks: judged by `openssl ciphers` of this machine. */
import { expect } from 'vitest'
import { cipherListYardstick } from '../../../src/audit/compare/cipher-list-yardstick.ts'
import { compareTls } from '../../../src/audit/compare/compare-tls.ts'
import { suiteName } from '../../../src/audit/messages/iana-suites.ts'
import type { TlsScan } from '../../../src/audit/model.ts'
import { findRelease, type OpensslRelease } from '../../../src/priority/library-releases.ts'
import { execFileSync } from '../../peers/child-process.ts'
import { testWith } from '../../peers/peer.ts'
import { startPeer } from '../tls-peer.ts'
import { auditCounted, keyFiles } from './audited-server.ts'

const LISTS = [
  ...[
    'HIGH:!aNULL',
    'ECDHE:AES128-SHA',
    'DEFAULT',
    'ECDHE+AESGCM:!SHA384',
    'ALL:!CAMELLIA:-AES128:+ARIA',
  ],
  ...['AES128:!kRSA', 'kRSA+AESCCM8:AECDH', 'ECDHE-RSA-AES256-GCM-SHA384', 'HIGH:!DHE:@STRENGTH'],
]

type Selected = { readonly number: number; readonly authentication: string }

/** IANA's numbers of what the list selects before TLS 1.3, and the key that it is authenticated with. */
function selectedBy(list: string): readonly Selected[] {
  const args = ['ciphers', '-V', '-ciphersuites', '', list]
  const printed = String(execFileSync('openssl', args))
  const rows = printed.matchAll(/^\s*0x(\w\w),0x(\w\w) - .* Au=(\S+)/gm)
  return [...rows].map(([, high, low, authentication = '']) => ({
    number: Number.parseInt(`${high}${low}`, 16),
    authentication,
  }))
}

/** The release of the OpenSSL of this machine. */
function releaseHere(): OpensslRelease {
  const [, version = ''] =
    /^OpenSSL (\d+\.\d+\.\d+)/.exec(String(execFileSync('openssl', ['version']))) ?? []
  const release = findRelease('openssl', version)
  if (!release) throw new Error(`OpenSSL ${version} is not known`)
  return release
}

/** A server of TLS 1.2 with a key of RSA and one of ECDSA. */
function startServer(cipher: string): Promise<number> {
  const keys = keyFiles(['rsa-2048', 'ec-P-256'])
  const pairs = keys.flatMap(({ certificate, key }, index) => [
    ...[index === 0 ? '-cert' : '-dcert', certificate, index === 0 ? '-key' : '-dkey', key],
  ])
  return startPeer('openssl', (free) => [
    ...['s_server', '-accept', `127.0.0.1:${free}`, '-quiet', '-tls1_2', ...pairs],
    ...['-cipher', cipher],
  ])
}

/** Names of suites that are told with this code where a server is held against a list, in their order. */
function told(tls: TlsScan, list: string, wanted: string): readonly string[] {
  const yardstick = cipherListYardstick({ name: '<ciphers>', text: list }, releaseHere())
  const findings = compareTls(tls, yardstick).filter(({ code }) => code === wanted)
  return findings.map(({ item }) => item.name).toSorted()
}

testWith(
  'openssl',
  'what a cipher list does not select is forbidden, and nothing else',
  async () => {
    const { tls } = await auditCounted(await startServer('ALL:@SECLEVEL=0'))
    const accepted = tls.suites.flatMap(({ items }) => items)
    expect(accepted.length).toBeGreaterThan(40)
    for (const words of LISTS) {
      const list = `${words}:@SECLEVEL=0`
      const selected = selectedBy(list).map(({ number }) => number)
      const expected = accepted.filter(({ number }) => !selected.includes(number))
      expect([list, told(tls, list, 'AUDIT_SUITE_FORBIDDEN')]).toEqual([
        list,
        expected.map(({ name }) => name).toSorted(),
      ])
    }
  },
)

testWith(
  'openssl',
  'what a cipher list selects for the keys of a server, and the server lacks, is absent',
  async () => {
    const has = 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ARIA256-GCM-SHA384'
    const { tls } = await auditCounted(await startServer(has))
    const accepted = tls.suites.flatMap(({ items }) => items.map(({ number }) => number))
    expect(accepted.toSorted()).toEqual([0xc02b, 0xc061])
    for (const words of LISTS) {
      const list = `${words}:@SECLEVEL=0`
      const missing = selectedBy(list).filter(
        ({ number, authentication }) =>
          !accepted.includes(number) && ['RSA', 'ECDSA'].includes(authentication),
      )
      // A shared key, beside that of RSA, is none of its certificates.
      const expected = missing
        .map(({ number }) => suiteName(number))
        .filter((name) => !/PSK|SRP/.test(name))
      expect([list, told(tls, list, 'AUDIT_SUITE_ABSENT')]).toEqual([list, expected.toSorted()])
    }
  },
)

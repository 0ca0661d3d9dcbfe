/** Suites that a cipher list forbids to a server: those that `openssl ciphers` of this machine does not select by it. */
import { expect } from 'vitest'
import { cipherListYardstick } from '../../../src/audit/compare/cipher-list-yardstick.ts'
import { compareTls } from '../../../src/audit/compare/compare-tls.ts'
import { findRelease } from '../../../src/priority/library-releases.ts'
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

/** IANA's numbers of what the list selects before TLS 1.3. */
function selectedBy(list: string): readonly number[] {
  const args = ['ciphers', '-V', '-ciphersuites', '', list]
  const printed = String(execFileSync('openssl', args))
  const rows = printed.matchAll(/^\s*0x(\w\w),0x(\w\w) - /gm)
  return [...rows].map(([, high, low]) => Number.parseInt(`${high}${low}`, 16))
}

testWith(
  'openssl',
  'what a cipher list does not select is forbidden, and nothing else',
  async () => {
    const keys = keyFiles(['rsa-2048', 'ec-P-256'])
    const pairs = keys.flatMap(({ certificate, key }, index) => [
      ...[index === 0 ? '-cert' : '-dcert', certificate, index === 0 ? '-key' : '-dkey', key],
    ])
    const port = await startPeer('openssl', (free) => [
      ...['s_server', '-accept', `127.0.0.1:${free}`, '-quiet', '-tls1_2', ...pairs],
      ...['-cipher', 'ALL:@SECLEVEL=0'],
    ])
    const { tls } = await auditCounted(port)
    const accepted = tls.suites.flatMap(({ items }) => items)
    expect(accepted.length).toBeGreaterThan(40)
    const version = /^OpenSSL (\d+\.\d+\.\d+)/.exec(
      String(execFileSync('openssl', ['version'])),
    )?.[1]
    const release = findRelease('openssl', version ?? '')
    if (!release) throw new Error(`OpenSSL ${version} is not known`)
    for (const words of LISTS) {
      const list = `${words}:@SECLEVEL=0`
      const selected = selectedBy(list)
      const yardstick = cipherListYardstick({ name: '<ciphers>', text: list }, release)
      const forbidden = compareTls(tls, yardstick)
        .filter(({ code }) => code === 'AUDIT_SUITE_FORBIDDEN')
        .map(({ item }) => item.name)
      const expected = accepted.filter(({ number }) => !selected.includes(number))
      expect([list, forbidden.toSorted()]).toEqual([
        list,
        expected.map(({ name }) => name).toSorted(),
      ])
    }
  },
)

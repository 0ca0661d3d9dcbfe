/** What a server of SSH offers, held against a policy, without the server. */
import { expect, test } from 'vitest'
import { compareSsh } from '../../../src/audit/compare/compare-ssh.ts'
import { sshYardstick } from '../../../src/audit/compare/ssh-yardstick.ts'
import type { SshOffer, SshScan } from '../../../src/audit/ssh-model.ts'
import { shippedPolicy } from '../../shipped-policies.ts'

/** Of Kerberos: the hash of its object identifier, as OpenSSH's GSSAPI patch sends it (RFC 4462, section 2). */
const KERBEROS = 'toWM5Slw5Ew8Mqkay+al2g=='

const POLICY = `cipher = AES-256-GCM
mac = AEAD
hash = SHA2-256
group = X25519 SECP256R1
sign = EDDSA-ED25519
key_exchange = ECDHE ECDHE-GSS
protocol@TLS = TLS1.3
`

const YARDSTICK = sshYardstick(shippedPolicy('DEFAULT', { 'DEFAULT.pol': POLICY }).policy)

const CIPHERS = ['aes256-gcm@openssh.com']

const OFFER: SshOffer = {
  keyExchanges: [
    ...['curve25519-sha256', 'curve25519-sha256@libssh.org', 'ecdh-sha2-nistp256'],
    ...[`gss-nistp256-sha256-${KERBEROS}`, `gss-curve25519-sha256-${KERBEROS}`],
  ],
  hostKeyAlgorithms: ['ssh-ed25519'],
  ciphers: { toServer: CIPHERS, toClient: CIPHERS },
  macs: { toServer: [], toClient: [] },
  compression: { toServer: ['none'], toClient: ['none'] },
  markers: [],
}

function judge(offer: Partial<SshOffer>): readonly string[] {
  const scan: SshScan = {
    identification: 'SSH-2.0-OpenSSH_9.2p1',
    offer: { ...OFFER, ...offer },
    extensions: { answer: 'not-offered' },
    hostKeys: [],
    smallestPrime: 4096,
  }
  const findings = compareSsh(scan, YARDSTICK)
  return findings.map(({ severity, message }) => `${severity} ${message}`)
}

test('what a server lacks of the policy is told, with no word of what it has', () => {
  const whole = judge({})
  expect(whole.filter((line) => line.includes('the key exchange'))).toEqual([])
  const [first, , third, fourth] = OFFER.keyExchanges
  const less = judge({ keyExchanges: [first!, third!, fourth!] })
  const added = less.filter((line) => !whole.includes(line))
  expect(added.toSorted()).toEqual([
    'info the server does not offer the key exchange curve25519-sha256@libssh.org, which is allowed',
    'info the server does not offer the key exchange gss-curve25519-sha256-, which is allowed',
  ])
})

test('of a name only the mechanism of GSSAPI is free', () => {
  const names = [`gss-group14-sha1-${KERBEROS}`, 'curve25519-sha256-', 'ecdh-sha2-nistp2567']
  const told = judge({ keyExchanges: [...OFFER.keyExchanges, ...names] })
  const forbidden = told.filter((line) => line.includes('not allowed'))
  expect(forbidden.toSorted()).toEqual([
    `high the server offers the key exchange gss-group14-sha1-${KERBEROS}, which is not allowed`,
    'medium the server offers the key exchange curve25519-sha256-, which is not allowed',
    'medium the server offers the key exchange ecdh-sha2-nistp2567, which is not allowed',
  ])
})

test('a key exchange of GSSAPI has the lines of its exchange, hash and group', () => {
  const reasons = (name: string) =>
    YARDSTICK.reasonsFor('key exchange', name).map(({ text }) => text)
  expect(reasons(`gss-curve25519-sha256-${KERBEROS}`)).toEqual([
    ...['key_exchange = ECDHE ECDHE-GSS', 'hash = SHA2-256', 'group = X25519 SECP256R1'],
  ])
  // Its hash is enabled.
  expect(reasons(`gss-group14-sha256-${KERBEROS}`)).toEqual([
    ...['key_exchange = ECDHE ECDHE-GSS', 'group = X25519 SECP256R1'],
  ])
  expect(reasons(`gss-other-sha1-${KERBEROS}`)).toEqual([
    `no policy has a name for gss-other-sha1-${KERBEROS}`,
  ])
})
